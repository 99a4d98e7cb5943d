using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge;

/// <summary>Class fixture: the API on the sample knowledge, once without an AI service and once with a real one whose
/// vectors are indexed.</summary>
public sealed class KnowledgeFixture(PostgresFixture postgres) : IAsyncLifetime
{
    private AiHost? _ai;
    private ApiHost? _lexical;
    private ApiHost? _vectors;

    public ApiHost Lexical => _lexical ?? throw new InvalidOperationException("The fixture has not started.");

    public ApiHost Vectors => _vectors ?? throw new InvalidOperationException("The fixture has not started.");

    public async ValueTask InitializeAsync()
    {
        _lexical = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres)).ReadyAsync();
        _ai = AiHost.Start();
        _vectors = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), SettingsFor(_ai)).ReadyAsync();
        await WhenIndexedAsync(_vectors);
    }

    public static Dictionary<string, string?> SettingsFor(AiHost ai) =>
        new() { [$"services:{ResourceNames.Ai}:http:0"] = ai.Address.ToString() };

    internal static async Task<TenantScope> TenantAsync(ApiHost host, string slug)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var tenant = await scope.ServiceProvider.WholeDatabase().Tenants
            .SingleAsync(t => t.Slug == slug, TestContext.Current.CancellationToken);
        return new TenantScope(tenant.Id, tenant.Slug, tenant.Name, tenant.Locale);
    }

    internal static async Task<AnswerResult> AskAsync(ApiHost host, string tenant, string question, ConversationContext? context = null)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var asked = await TenantAsync(host, tenant);
        using var rows = DataScope.Of(asked.Id);
        return await scope.ServiceProvider.GetRequiredService<AnswerService>()
            .AnswerAsync(asked, Reader.Anonymous, question, context, TestContext.Current.CancellationToken);
    }

    internal static async Task<SearchResult> SearchAsync(ApiHost host, LabelledQuestion question, QuestionVector? vector = null)
    {
        var tenantId = (await TenantAsync(host, question.Tenant)).Id;
        using var rows = DataScope.Of(tenantId);
        return await host.Services.GetRequiredService<KnowledgeSearch>().SearchAsync(
            tenantId, Reader.Anonymous, question.Text, question.Language, vector, TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the vectors of the tenants' present knowledge are in the index.</summary>
    public static async Task WhenIndexedAsync(ApiHost host)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        var index = host.Services.GetRequiredService<IVectorIndex>();
        while (true)
        {
            await using (var scope = host.Services.CreateAsyncScope())
            {
                var bases = await scope.ServiceProvider.WholeDatabase().KnowledgeBases.AsNoTracking()
                    .ToListAsync(deadline.Token);
                if (bases.All(k => index.ModelOf(k.TenantId)?.KnowledgeVersion == k.Version))
                    return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_lexical is not null)
            await _lexical.DisposeAsync();
        if (_vectors is not null)
            await _vectors.DisposeAsync();
        if (_ai is not null)
            await _ai.DisposeAsync();
    }
}
