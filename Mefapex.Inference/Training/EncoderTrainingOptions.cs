namespace Mefapex.Inference.Training;

/// <summary>Settings of a training. The same corpus, settings and machine give the same model, whatever
/// <see cref="Threads"/> says.</summary>
public sealed record EncoderTrainingOptions
{
    /// <summary>Most passes over the clusters, 1 or more.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Epochs without a better validation after which training stops, 1 or more.</summary>
    public int Patience { get; init; } = 6;

    /// <summary>Seed of the order, the samples and the noise.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Threads, 1 to 64.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Clusters in a batch, 2 or more; they are each other's negatives.</summary>
    public int ClustersPerBatch { get; init; } = 96;

    /// <summary>Sentences of a cluster in a batch, 2 or more.</summary>
    public int SentencesPerCluster { get; init; } = 8;

    /// <summary>How often a cluster comes in an epoch.</summary>
    public int Rounds { get; init; } = 2;

    /// <summary>For each cluster drawn, how many of those that the model confuses with it join the batch.</summary>
    public int HardNegatives { get; init; } = 1;

    /// <summary>Glossary lines in a batch, as a share of <see cref="ClustersPerBatch"/>.</summary>
    public double TermShare { get; init; } = 0.5;

    /// <summary>Step size of Adam at the first epoch; it falls linearly.</summary>
    public double LearningRate { get; init; } = 0.007;

    /// <summary>Divisor of cosines in the loss: smaller looks harder at the nearest negatives.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>How far the finished encoder draws a sentence to the meanings it learnt, and how much it heeds the nearest
    /// alone; see <see cref="MeaningMemory"/>.</summary>
    public double MemoryStrength { get; init; } = 1;

    /// <summary>See <see cref="MemoryStrength"/>.</summary>
    public double MemoryTemperature { get; init; } = 0.05;

    /// <summary>Share of words that get a typing error.</summary>
    public double TypoRate { get; init; } = 0.1;

    /// <summary>Share of words left out of a sentence.</summary>
    public double WordDropout { get; init; } = 0.1;

    /// <summary>Share of words replaced by an equal term of the glossary, where it has one.</summary>
    public double SynonymRate { get; init; } = 0.15;

    /// <summary>Share of clusters of which two sentences, and share of clusters that as a whole, are held out to
    /// validate; 0 trains all epochs without validation.</summary>
    public double ValidationShare { get; init; } = 0.1;
}
