namespace Mefapex.Inference.Training;

/// <summary>Sentences that mean the same: each is a positive of the others and a negative of all else.</summary>
/// <param name="Id">Unique among the clusters of one training.</param>
/// <param name="Sentences">Two or more.</param>
public sealed record MeaningCluster(string Id, IReadOnlyList<StyledSentence> Sentences);

/// <summary>A sentence and how it is worded.</summary>
/// <param name="Style">Such as <c>tr-colloquial</c>.</param>
public sealed record StyledSentence(string Style, string Text)
{
    /// <summary><c>en</c> or <c>tr</c>; mixed speech has Turkish grammar.</summary>
    public string Language => Style.StartsWith("en", StringComparison.Ordinal) ? "en" : "tr";
}

/// <summary>Words and short phrases of one meaning.</summary>
public sealed record GlossaryTerm(IReadOnlyList<string> Turkish, IReadOnlyList<string> English);

/// <summary>What an encoder learns from.</summary>
public sealed record TrainingCorpus(IReadOnlyList<MeaningCluster> Clusters, IReadOnlyList<GlossaryTerm> Terms)
{
    /// <summary>Sentences in all clusters.</summary>
    public int SentenceCount => Clusters.Sum(cluster => cluster.Sentences.Count);
}
