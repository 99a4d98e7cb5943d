using System.ComponentModel.DataAnnotations;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Section <c>Answers</c>: which probabilities lead to which decision.</summary>
internal sealed class AnswerOptions
{
    public const string Section = "Answers";

    /// <summary>The first candidate's probability from which its text is the answer.</summary>
    [Range(0.0, 1.0)]
    public double AnswerAt { get; init; } = 0.5;

    /// <summary>Below that, its share of the first two from which it is still clearly first.</summary>
    [Range(0.5, 1.0)]
    public double ClearShare { get; init; } = 0.58;

    /// <summary>How much likelier than the first candidate "none of them" must be to decline.</summary>
    [Range(0.1, 10.0)]
    public double DeclineRatio { get; init; } = 1;

    /// <summary>The least probability at which an urgent entry (<see cref="Search.EntryDocument.UrgentTag"/>) goes before
    /// everything: a warning sign must not be answered with another topic.</summary>
    [Range(0.0, 1.0)]
    public double UrgentAt { get; init; } = 0.06;

    /// <summary>The share of the first candidate's probability that the urgent entry must have for that.</summary>
    [Range(0.0, 1.0)]
    public double UrgentShare { get; init; } = 0.25;

    /// <summary>Candidates below this probability are not shown as near topics.</summary>
    [Range(0.0, 1.0)]
    public double TopicAt { get; init; } = 0.03;
}
