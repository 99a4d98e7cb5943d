using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Section <c>AnswerCache</c>.</summary>
internal sealed class AnswerCacheOptions
{
    public const string Section = "AnswerCache";

    /// <summary>The most answers kept in this process; 0 keeps none.</summary>
    [Range(0, 10_000_000)]
    public int MaxAnswers { get; init; } = 20_000;

    /// <summary>About the most bytes they may take.</summary>
    [Range(0, long.MaxValue)]
    public long MaxBytes { get; init; } = 64 * 1024 * 1024;
}
