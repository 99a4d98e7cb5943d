using Mefapex.Ai.Commands;
using Mefapex.Ai.Embedding;
using Mefapex.Ai.Generation;
using Mefapex.Ai.Health;
using Mefapex.Ai.Http;
using Mefapex.Ai.Languages;
using Mefapex.Ai.Models;
using Mefapex.Ai.OpenAi;
using Mefapex.Ai.TextEmbeddings;
using Mefapex.ServiceDefaults;

if (ModelCommands.Run(args, Console.Out, Console.Error) is { } exitCode)
    return exitCode;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddModels();
builder.AddGeneration();
builder.Services.AddForeignErrors();
builder.AddApiDocs("Mefapex AI service");

var app = builder.Build();
app.UseServiceDefaults();
app.MapDefaultEndpoints();
app.MapAiHealth();
app.MapEmbedding();
app.MapLanguages();
app.MapGeneration();
app.MapModels();
app.MapOpenAi();
app.MapTextEmbeddings();
app.MapApiDocs();
return await app.RunServiceAsync();
