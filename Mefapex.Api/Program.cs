using Mefapex.Api.Accounts;
using Mefapex.Api.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddData();
builder.AddAccounts();

var app = builder.Build();
var database = app.Services.GetRequiredService<DatabaseState>();
await app.RunAsync();
return database.IsRefused ? 1 : 0;
