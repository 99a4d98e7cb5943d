using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Mefapex.Inference.Catalogue.Hub;

/// <summary>
/// A model on a hub of Hugging Face's kind, written <c>hub:owner/name@revision</c> or, where the model lies in a folder of
/// its repository, <c>hub:owner/name@revision/folder</c>.
/// </summary>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="Revision">The 40 hexadecimal digits of a commit; only then is the content what it was when it was chosen.</param>
/// <param name="Folder">Folder inside the repository without slashes at its ends, or empty.</param>
public sealed partial record HubReference(string Repository, string Revision, string Folder = "")
{
    /// <summary>What a reference to a hub begins with.</summary>
    public const string Prefix = "hub:";

    /// <summary>Whether the revision is a commit rather than a branch or tag that may move.</summary>
    public bool IsPinned => CommitPattern().IsMatch(Revision);

    /// <summary>Reads a reference; one without a revision means <c>main</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubReference? reference)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Pattern().Match(text);
        var folder = match.Groups["folder"].Value;
        reference = match.Success && HubFile.IsSafe(folder.Length > 0 ? folder : "root")
            ? new HubReference(
                match.Groups["repository"].Value,
                match.Groups["revision"] is { Success: true } revision ? revision.Value : "main",
                folder)
            : null;
        return reference is not null;
    }

    /// <summary>The reference as it is written in settings.</summary>
    public override string ToString() => $"{Prefix}{Repository}@{Revision}{(Folder.Length > 0 ? "/" + Folder : "")}";

    [GeneratedRegex(
        "^hub:(?<repository>[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95})" +
        "(@(?<revision>[A-Za-z0-9][A-Za-z0-9_.-]{0,95})(/(?<folder>.+?))?/?)?$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();

    [GeneratedRegex("^[0-9a-f]{40}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CommitPattern();
}
