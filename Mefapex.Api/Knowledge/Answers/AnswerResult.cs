using Mefapex.Contracts.Chat;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>An answer before it is stored; the fields mean what they mean in <see cref="ChatAnswer"/>.</summary>
internal sealed record AnswerResult
{
    public required string Response { get; init; }

    public required string Source { get; init; }

    public required string Decision { get; init; }

    public required IReadOnlyList<AnswerSource> Sources { get; init; }

    public IReadOnlyList<Citation> Citations { get; init; } = [];

    public string? Understood { get; init; }

    public required double Confidence { get; init; }

    public required string Language { get; init; }

    public required string Degradation { get; init; }

    public bool Cached { get; init; }

    /// <summary>How the answer came about, for editors.</summary>
    public required AnswerWhy Why { get; init; }
}

/// <summary>What it takes to understand, and to replay, a decision.</summary>
internal sealed record AnswerWhy
{
    public required string FoldedQuestion { get; init; }

    /// <summary>The language of the question; the answer's may differ.</summary>
    public required string Language { get; init; }

    public required string Decision { get; init; }

    public required string Degradation { get; init; }

    /// <summary>The question as it was searched with; null when it was taken as it stands.</summary>
    public string? Understood { get; init; }

    /// <summary>What it could refer back to.</summary>
    public ConversationContext? Context { get; init; }

    /// <summary>Roles and groups of the reader, see <see cref="Knowledge.Reader"/>.</summary>
    public IReadOnlyList<string> Reader { get; init; } = [];

    /// <summary>The day whose entries were valid.</summary>
    public DateOnly? Today { get; init; }

    /// <summary>The answer cache served it; all but the timings is of the question that filled it.</summary>
    public bool Cached { get; init; }

    /// <summary>Best first.</summary>
    public IReadOnlyList<WhyCandidate> Candidates { get; init; } = [];

    /// <summary>Passages of documents that were weighed, best first.</summary>
    public IReadOnlyList<WhyPassage> Passages { get; init; } = [];

    /// <summary>What a generator wrote, sentence by sentence, and whether it was kept.</summary>
    public IReadOnlyList<WhySentence> Sentences { get; init; } = [];

    /// <summary>The probability that none of the candidates answers, 0 to 1.</summary>
    public double? None { get; init; }

    /// <summary>The probability of the warning sign that led to escalation, 0 to 1; null where there was none.</summary>
    public double? Urgent { get; init; }

    /// <summary>The share of the question that the knowledge has no word for, 0 to 1.</summary>
    public double? Unknown { get; init; }

    public AnswerOptions? Thresholds { get; init; }

    /// <summary>Which of the fitted weights were used: <c>lexical</c> or <c>vectors</c>.</summary>
    public string? Calibration { get; init; }

    /// <summary>The encoder of the question's vector; null without one.</summary>
    public string? ModelHash { get; init; }

    /// <summary>Who made the vector: <c>ai-service</c> or <c>in-process</c>; null without one.</summary>
    public string? VectorsBy { get; init; }

    public long? KnowledgeVersion { get; init; }

    /// <summary>Why the vector stage was left out; null when it took part.</summary>
    public string? WithoutVectors { get; init; }

    /// <summary>Milliseconds of each step.</summary>
    public required IReadOnlyDictionary<string, double> Timings { get; init; }
}

/// <param name="Fused">Score of the reciprocal rank fusion.</param>
/// <param name="Stages">Score of each stage on its own scale.</param>
internal sealed record WhyCandidate(string Id, double Probability, double Fused, Search.Features Stages);

/// <param name="Position">Of the chunk in the version, from 0.</param>
/// <param name="Stages">Score of each stage on its own scale.</param>
internal sealed record WhyPassage(Guid DocumentId, int Version, int Position, double Probability, double Fused, Search.PassageFeatures Stages);

/// <param name="IsSupported">Whether the cited passage says so; others were dropped.</param>
internal sealed record WhySentence(string Text, bool IsSupported);
