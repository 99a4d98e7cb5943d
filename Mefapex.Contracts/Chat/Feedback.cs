namespace Mefapex.Contracts.Chat;

/// <summary>Body of <c>PUT /api/v1/conversations/{id}/messages/{messageId}/feedback</c>.</summary>
/// <param name="Helpful">Whether the answer helped.</param>
/// <param name="Reason">One of <see cref="FeedbackReason"/>, where it did not.</param>
/// <param name="Comment">What the person adds.</param>
public sealed record FeedbackRequest(bool? Helpful, string? Reason = null, string? Comment = null);

/// <summary>What the person thinks of an answer.</summary>
/// <param name="Helpful">Whether it helped.</param>
/// <param name="Reason">One of <see cref="FeedbackReason"/>; null where it helped.</param>
/// <param name="Comment">What the person added.</param>
/// <param name="GivenAt">When it was last given.</param>
public sealed record AnswerFeedback(bool Helpful, string? Reason, string? Comment, DateTimeOffset GivenAt);

/// <summary>Why an answer did not help.</summary>
public static class FeedbackReason
{
    /// <summary>It is not true.</summary>
    public const string Wrong = "wrong";

    /// <summary>It was true once.</summary>
    public const string Outdated = "outdated";

    /// <summary>Something is missing.</summary>
    public const string Incomplete = "incomplete";

    /// <summary>It is hard to understand.</summary>
    public const string Unclear = "unclear";

    /// <summary>None of the others.</summary>
    public const string Other = "other";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Wrong, Outdated, Incomplete, Unclear, Other];
}
