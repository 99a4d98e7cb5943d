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
    public double DeclineRatio { get; init; } = 0.85;

    /// <summary>The best passage's probability from which an answer is composed of passages.</summary>
    [Range(0.0, 1.0)]
    public double PassageAt { get; init; } = 0.5;

    /// <summary>An approved answer of this probability goes before any passage.</summary>
    [Range(0.0, 1.0)]
    public double ApprovedAt { get; init; } = 0.8;

    /// <summary>By how much a passage must be likelier than an approved answer below that to go before it.</summary>
    [Range(0.0, 1.0)]
    public double PassageLead { get; init; } = 0.1;

    /// <summary>The probability of a warning sign (<see cref="WarningSigns"/>) from which it goes before everything: better
    /// a few people sent to a person without need than one in need answered with another topic.</summary>
    [Range(0.0, 1.0)]
    public double WarningAt { get; init; } = 0.4;

    /// <summary>The same where the search, too, finds an urgent entry first.</summary>
    [Range(0.0, 1.0)]
    public double WarningAgreedAt { get; init; } = 0.05;

    /// <summary>Candidates below this probability are not shown as near topics.</summary>
    [Range(0.0, 1.0)]
    public double TopicAt { get; init; } = 0.01;

    /// <summary>The first entry's probability from which a short question stands alone, though it may be a follow-up.</summary>
    [Range(0.0, 1.0)]
    public double StandsAlone { get; init; } = 0.5;

    /// <summary>The same for a question that points back with a word ("peki", "it").</summary>
    [Range(0.0, 1.0)]
    public double StandsAloneMarked { get; init; } = 0.8;

    /// <summary>The share of a short question that the entry it would be joined to must know.</summary>
    [Range(0.0, 1.0)]
    public double OwnWords { get; init; } = 0.5;

    /// <summary>The same for a question that points back with a word.</summary>
    [Range(0.0, 1.0)]
    public double OwnWordsMarked { get; init; } = 0.2;

    /// <summary>What a question may wait for PostgreSQL's search before it is answered from memory.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan SearchTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a question may wait for the tenant's knowledge to be loaded.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
