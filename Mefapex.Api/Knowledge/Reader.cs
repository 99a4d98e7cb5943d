using Mefapex.Api.Accounts;

namespace Mefapex.Api.Knowledge;

/// <summary>
/// Who reads, as far as knowledge cares. An entry or document without an audience is for everybody; one with an audience
/// is for those who are in at least one of the named roles (<c>role:coordinator</c>) or groups (<c>group:bakim</c>).
/// </summary>
/// <param name="Keys">The reader's own roles and groups in that form, sorted; empty for people who are not signed in.</param>
internal sealed record Reader(string[] Keys)
{
    public static readonly Reader Anonymous = new([]);

    public static Reader Of(Caller? caller) => caller is null
        ? Anonymous
        : new([.. caller.Roles.Select(r => $"role:{r}").Concat(caller.Groups.Select(g => $"group:{g}")).Order(StringComparer.Ordinal)]);

    /// <summary>Equal for readers who may read the same.</summary>
    public string Key => string.Join(' ', Keys);

    public bool MayRead(IReadOnlyCollection<string> audience) => audience.Count == 0 || audience.Any(Keys.Contains);
}
