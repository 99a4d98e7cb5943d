using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Chat.Suggestions;

/// <summary>
/// Questions to offer somebody who has not asked yet. Each was put to the assistant itself and is offered only when the
/// entry it is the title of answered it; that holds until the knowledge changes.
/// </summary>
internal sealed partial class SuggestionService(
    CurrentKnowledge knowledge,
    IServiceScopeFactory scopes,
    IDbContextFactory<MefapexDb> databases,
    IOptions<ChatOptions> options,
    TimeProvider time,
    ILogger<SuggestionService> logger) : IDisposable
{
    /// <summary>The most that are offered at once.</summary>
    public const int Most = 12;

    private const int MostTried = 40;
    private const int MostExchanges = 10_000;
    private static readonly TimeSpan Popular = TimeSpan.FromDays(30);
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(30);

    private readonly ConcurrentDictionary<(Guid TenantId, string Language, string Reader), Tried> _tried = new();
    private readonly SemaphoreSlim _trying = new(1);

    /// <returns>None while the trying takes longer than a page should wait.</returns>
    public async Task<IReadOnlyList<Suggestion>> GetAsync(
        TenantScope tenant,
        Reader reader,
        string language,
        CancellationToken cancellationToken)
    {
        var (snapshot, _) = await knowledge.ReadAsync(tenant.Id, cancellationToken);
        if (snapshot is null)
            return [];

        var key = (tenant.Id, language, reader.Key);
        var tried = _tried.AddOrUpdate(
            key,
            _ => Start(),
            (_, known) => known.Version == snapshot.Version && time.GetElapsedTime(known.Since) < Freshness && !known.Found.IsFaulted
                ? known
                : Start());
        try
        {
            return await tried.Found.WaitAsync(options.Value.SuggestionPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return [];
        }

        Tried Start() => new(snapshot.Version, time.GetTimestamp(), TryAsync(tenant, reader, language, snapshot));
    }

    public void Dispose() => _trying.Dispose();

    private async Task<IReadOnlyList<Suggestion>> TryAsync(
        TenantScope tenant,
        Reader reader,
        string language,
        KnowledgeSnapshot snapshot)
    {
        // One at a time, so that people who ask are not kept waiting.
        await _trying.WaitAsync(CancellationToken.None);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var answers = scope.ServiceProvider.GetRequiredService<AnswerService>();
            var found = new List<Suggestion>();
            foreach (var entry in (await InOrderAsync(tenant, reader, language, snapshot)).Take(MostTried))
            {
                var text = entry.Texts[language].Title;
                var answer = await answers.AnswerAsync(tenant, reader, text, context: null, CancellationToken.None);
                if (answer is { Decision: Decision.Answer, Sources: [var first, ..] }
                    && first.Id == entry.Id
                    && answer.Language == language
                    && answer.Confidence >= options.Value.SuggestAt)
                {
                    found.Add(new Suggestion(text, entry.Id, entry.Category));
                }

                if (found.Count == Most)
                    break;
            }

            return found;
        }
        catch (Exception e)
        {
            LogFailed(tenant.Slug, e);
            throw;
        }
        finally
        {
            _trying.Release();
        }
    }

    /// <summary>The most asked entries, then one of each category after the other.</summary>
    private async Task<IEnumerable<EntryDocument>> InOrderAsync(
        TenantScope tenant,
        Reader reader,
        string language,
        KnowledgeSnapshot snapshot)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var open = snapshot.Entries.Values
            .Where(e => e.IsFound(reader, today) && !e.IsUrgent && e.Texts.ContainsKey(language))
            .OrderBy(e => e.Id, StringComparer.Ordinal)
            .ToDictionary(e => e.Id, StringComparer.Ordinal);
        var spread = open.Values
            .GroupBy(e => e.Category, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .SelectMany(g => g.Select((entry, place) => (entry, place)))
            .OrderBy(e => e.place)
            .Select(e => e.entry);
        return (await PopularAsync(tenant.Id))
            .Where(open.ContainsKey)
            .Select(id => open[id])
            .Concat(spread)
            .Distinct();
    }

    private async Task<List<string>> PopularAsync(Guid tenantId)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var since = time.GetUtcNow() - Popular;
        return await db.Database.SqlQuery<string>(
            $"""
            select newest.id as "Value"
            from (
                select sources -> 0 ->> 'id' as id, sources -> 0 ->> 'kind' as kind
                from exchanges
                where tenant_id = {tenantId} and asked_at >= {since} and decision = {Decision.Answer}
                order by asked_at desc
                limit {MostExchanges}
            ) newest
            where newest.kind = 'entry'
            group by newest.id
            order by count(*) desc, newest.id
            limit {MostTried}
            """).ToListAsync(CancellationToken.None);
    }

    [LoggerMessage(LogLevel.Warning, "Suggestions for {Tenant} could not be tried")]
    private partial void LogFailed(string tenant, Exception exception);

    /// <param name="Version">Of the knowledge.</param>
    private sealed record Tried(long Version, long Since, Task<IReadOnlyList<Suggestion>> Found);
}
