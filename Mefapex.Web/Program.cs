using Mefapex.ServiceDefaults;
using Mefapex.Web.Accounts;
using Mefapex.Web.Api;
using Mefapex.Web.Chat;
using Mefapex.Web.Shell;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UseStaticWebAssets();
builder.AddServiceDefaults();
builder.Services.AddShell(builder.Configuration);
builder.Services.AddAccounts();
builder.Services.AddApi();
builder.Services.AddChat();

var app = builder.Build();
app.UseServiceDefaults();
app.UseShell();
app.UseAccounts();
app.MapDefaultEndpoints();
app.MapShell();
app.MapAccounts();
return await app.RunServiceAsync();
