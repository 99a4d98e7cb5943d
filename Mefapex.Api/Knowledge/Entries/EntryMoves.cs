namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Which moves an entry's newest version may make. Whoever changes a state asks here.</summary>
internal static class EntryMoves
{
    public const string Edit = "edit";
    public const string Review = "review";
    public const string Return = "return";
    public const string Publish = "publish";
    public const string Retire = "retire";
    public const string Rollback = "rollback";

    /// <summary>An edit and a rollback make a new version in that state. A newer draft stays what it is while the
    /// published version below it is retired.</summary>
    private static readonly (string From, string Move, string To, bool NeedsPublished)[] Table =
    [
        (EntryStatus.Draft, Edit, EntryStatus.Draft, false),
        (EntryStatus.Draft, Review, EntryStatus.Review, false),
        (EntryStatus.Draft, Retire, EntryStatus.Draft, true),
        (EntryStatus.Draft, Rollback, EntryStatus.Published, false),
        (EntryStatus.Review, Return, EntryStatus.Draft, false),
        (EntryStatus.Review, Publish, EntryStatus.Published, false),
        (EntryStatus.Review, Retire, EntryStatus.Review, true),
        (EntryStatus.Published, Edit, EntryStatus.Draft, false),
        (EntryStatus.Published, Retire, EntryStatus.Retired, false),
        (EntryStatus.Published, Rollback, EntryStatus.Published, false),
        (EntryStatus.Retired, Edit, EntryStatus.Draft, false),
        (EntryStatus.Retired, Rollback, EntryStatus.Published, false),
    ];

    /// <returns>The state that the move leads to; null when it is not allowed.</returns>
    public static string? Next(KnowledgeEntry entry, string move) =>
        Of(entry).Where(t => t.Move == move).Select(t => t.To).FirstOrDefault();

    public static string[] Allowed(KnowledgeEntry entry) => [.. Of(entry).Select(t => t.Move)];

    private static IEnumerable<(string From, string Move, string To, bool NeedsPublished)> Of(KnowledgeEntry entry) =>
        Table.Where(t => t.From == entry.Status && (!t.NeedsPublished || entry.PublishedVersion is not null));
}
