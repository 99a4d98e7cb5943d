using Mefapex.Api.Accounts;
using Mefapex.Api.Admin;
using Mefapex.Api.Ai;
using Mefapex.Api.Chat;
using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Tenants;
using Mefapex.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddHttp();
builder.AddServiceDefaults();
builder.AddTokenChecks();
builder.AddData();
builder.AddTenants();
builder.AddAccounts();
builder.AddAi();
builder.AddKnowledge();
builder.AddIngestion();
builder.AddChat();
builder.Services.AddHostedService<AdapterReport>();

var app = builder.Build();
app.UseServiceDefaults();
app.UseAuthentication();
app.UseAuthorization();
app.MapHttp();
app.MapAccounts();
app.MapChat();
app.MapConversations();
app.MapHistory();
app.MapDocuments();

var database = app.Services.GetRequiredService<DatabaseState>();
var exitCode = await app.RunServiceAsync();
return database.IsRefused ? 1 : exitCode;
