using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Section <c>Answers</c>: which probabilities lead to which decision.</summary>
internal sealed class AnswerOptions
{
    public const string Section = "Answers";

    /// <summary>The first candidate's probability from which its text is the answer.</summary>
    [Range(0.0, 1.0)]
    public double AnswerAt { get; init; } = 0.5;

    /// <summary>The probability of the first two together from which, short of an answer, both are offered.</summary>
    [Range(0.0, 1.0)]
    public double ClarifyAt { get; init; } = 0.5;

    /// <summary>The least share of the second candidate in the two for a clarifying question to make sense.</summary>
    [Range(0.0, 0.5)]
    public double ClarifySecondShare { get; init; } = 0.2;

    /// <summary>Candidates below this probability are not shown as near topics.</summary>
    [Range(0.0, 1.0)]
    public double TopicAt { get; init; } = 0.03;
}
