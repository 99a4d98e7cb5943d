using System.Collections.Frozen;
using Mefapex.Api.Data;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>
/// Roughly how many rows a lexeme of the folded full text stands in, from the statistics that PostgreSQL keeps for its
/// planner: those of all tenants, because its indexes are too. What is not among the most common ones counts as rare.
/// </summary>
internal sealed class LexemeStatistics(OwnerDatabase owner, Recurrence recurrence) : BackgroundService
{
    /// <summary>By lexeme, of the texts of entries.</summary>
    public FrozenDictionary<string, int> Entries { get; private set; } = FrozenDictionary<string, int>.Empty;

    /// <summary>By lexeme, of the chunks of documents.</summary>
    public FrozenDictionary<string, int> Chunks { get; private set; } = FrozenDictionary<string, int>.Empty;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        recurrence.EveryAsync(TimeSpan.FromSeconds(30), nameof(LexemeStatistics), ReadAsync, stoppingToken);

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = owner.Source.CreateCommand(
            """
            select c.relname, s.most_common_elems::text::text[], s.most_common_elem_freqs, c.reltuples
            from pg_stats s
            join pg_class c on c.relname = s.tablename and c.relnamespace = current_schema()::regnamespace
            where s.schemaname = current_schema() and s.attname = 'folded_search' and s.most_common_elems is not null
            """);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var (lexemes, shares, count) = (rows.GetFieldValue<string[]>(1), rows.GetFieldValue<float[]>(2), rows.GetFloat(3));
            // Behind the shares stand the least, the greatest and that of nulls.
            var common = lexemes.Zip(shares).Where(l => count > 0)
                .ToFrozenDictionary(l => l.First, l => (int)(l.Second * count), StringComparer.Ordinal);
            if (rows.GetString(0) == "document_chunks")
                Chunks = common;
            else if (rows.GetString(0) == "knowledge_texts")
                Entries = common;
        }
    }
}
