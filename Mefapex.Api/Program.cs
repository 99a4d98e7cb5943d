using Mefapex.Api.Accounts;
using Mefapex.Api.Ai;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Tenants;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddProblemDetails();
builder.Services.AddAuthentication();
builder.Services.AddAuthorization();
builder.AddHttp();
builder.AddData();
builder.AddTenants();
builder.AddAccounts();
builder.AddAi();
builder.AddKnowledge();

var app = builder.Build();
app.UseHttp();
app.UseAuthentication();
app.UseAuthorization();
app.MapHttp();
app.MapHistory();

var database = app.Services.GetRequiredService<DatabaseState>();
await app.RunAsync();
return database.IsRefused ? 1 : 0;
