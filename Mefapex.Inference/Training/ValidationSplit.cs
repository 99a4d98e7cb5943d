namespace Mefapex.Inference.Training;

/// <summary>What is held out to find the best epoch: two sentences of some clusters, and some clusters as a whole.</summary>
/// <param name="Training">What is left to learn from.</param>
/// <param name="Seen">Pairs of held-out sentences whose cluster is learnt.</param>
/// <param name="Unseen">Pairs of sentences of clusters that are not, one pair of each.</param>
internal sealed record ValidationSplit(
    IReadOnlyList<MeaningCluster> Training,
    IReadOnlyList<(string Query, string Match)> Seen,
    IReadOnlyList<(string Query, string Match)> Unseen)
{
    private const int FewestLeft = 3;

    public static ValidationSplit Of(IReadOnlyList<MeaningCluster> clusters, double share, int seed)
    {
        var random = new Random(seed);
        var order = Enumerable.Range(0, clusters.Count).ToArray();
        random.Shuffle(order);
        var count = Math.Max(1, (int)(clusters.Count * share));
        var training = clusters.ToList();
        var seen = new List<(string Query, string Match)>();
        foreach (var index in order.Take(count))
        {
            var (kept, held) = HoldOut(clusters[index], random);
            if (kept.Count < FewestLeft)
                continue;
            training[index] = clusters[index] with { Sentences = kept };
            seen.Add(held);
        }

        var whole = order.Skip(count).Take(count / 2).ToHashSet();
        var unseen = whole.Order().Select(index => HoldOut(clusters[index], random).Held).ToList();
        return new ValidationSplit([.. training.Where((_, index) => !whole.Contains(index))], seen, unseen);
    }

    private static (IReadOnlyList<StyledSentence> Kept, (string Query, string Match) Held) HoldOut(
        MeaningCluster cluster, Random random)
    {
        StyledSentence[] sentences = [.. cluster.Sentences];
        random.Shuffle(sentences);
        var held = sentences[..2];
        return ([.. cluster.Sentences.Except(held)], (held[0].Text, held[1].Text));
    }
}
