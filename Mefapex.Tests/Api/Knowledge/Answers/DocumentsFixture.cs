using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Tenants;
using Mefapex.Tests.Api.Ingestion;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge.Answers;

/// <summary>Class fixture: the API on the sample knowledge and sample documents, with a language model that tests script.</summary>
public sealed class DocumentsFixture(PostgresFixture postgres) : IAsyncLifetime
{
    private ScriptedAi? _ai;
    private ApiHost? _api;

    public ScriptedAi Ai => _ai ?? throw new InvalidOperationException("The fixture has not started.");

    public ApiHost Api => _api ?? throw new InvalidOperationException("The fixture has not started.");

    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "Mefapex.Tests", "Api", "Knowledge", "Answers", "Documents");

    public async ValueTask InitializeAsync()
    {
        _ai = await ScriptedAi.StartAsync();
        _api = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), new Dictionary<string, string?>
        {
            [$"services:{Mefapex.Contracts.ResourceNames.Ai}:http:0"] = _ai.Address.ToString(),
        }).ReadyAsync();
        using var client = await _api.SignInAsync("operator");
        foreach (var tenant in new[] { "fabrika", "klinik" })
        {
            client.DefaultRequestHeaders.Remove(RequestTenant.Header);
            client.DefaultRequestHeaders.Add(RequestTenant.Header, tenant);
            foreach (var file in Directory.GetFiles(Folder, $"{tenant}-*.md").Order(StringComparer.Ordinal))
                await client.AddLiveAsync(Path.GetFileName(file), await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        }

        await KnowledgeFixture.WhenIndexedAsync(_api);
    }

    internal Task<AnswerResult> AskAsync(string tenant, string question) => KnowledgeFixture.AskAsync(Api, tenant, question);

    public async ValueTask DisposeAsync()
    {
        if (_api is not null)
            await _api.DisposeAsync();
        if (_ai is not null)
            await _ai.DisposeAsync();
    }
}
