using Mefapex.Api.Accounts;

namespace Mefapex.Api.Keys;

/// <summary>The permissions of <see cref="Policies"/> that a key can have; the rest are about people or the keys themselves.</summary>
internal static class KeyScopes
{
    public static IReadOnlyList<Permission> All { get; } =
    [
        Policies.Chat.Write,
        Policies.Documents.Read,
        Policies.Documents.Write,
        Policies.Knowledge.Read,
        Policies.Knowledge.Write,
        Policies.Operations.Read,
    ];

    /// <summary>Those that somebody may give to a key: none that they do not have.</summary>
    public static IReadOnlyList<string> GrantableBy(Caller caller) => [.. All.Where(p => caller.May(p)).Select(p => p.Name)];
}
