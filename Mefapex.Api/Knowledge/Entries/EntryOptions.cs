using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Section <c>Knowledge</c>: how entries go live.</summary>
internal sealed class EntryOptions
{
    public const string Section = "Knowledge";

    /// <summary>Whether a version is published only by somebody else than its author.</summary>
    public bool FourEyes { get; init; }

    /// <summary>The largest file that can be imported, in bytes.</summary>
    [Range(1, 1 << 30)]
    public int ImportBytes { get; init; } = 20 << 20;
}
