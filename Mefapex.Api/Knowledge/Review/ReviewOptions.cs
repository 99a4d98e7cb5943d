using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Section <c>Review</c>: the tools for editors.</summary>
internal sealed class ReviewOptions
{
    public const string Section = "Review";

    /// <summary>How many days before its last day the owner of an entry gets a task.</summary>
    [Range(1, 365)]
    public int ExpiryNoticeDays { get; init; } = 30;

    /// <summary>How often entries are looked through for that.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The cosine of two questions' vectors from which they mean the same.</summary>
    [Range(0.0, 1.0)]
    public double SameQuestion { get; init; } = 0.7;

    /// <summary>The same for the character sequences of two questions, where there are no vectors.</summary>
    [Range(0.0, 1.0)]
    public double SameWords { get; init; } = 0.45;

    /// <summary>How many labelled questions a change may lose more than it gains.</summary>
    [Range(0, 1000)]
    public int GateTolerance { get; init; }
}
