namespace Mefapex.Inference.Embedding;

/// <summary>Decides which inputs of a batch are run together, so that little time goes into padding.</summary>
internal static class PaddingPlan
{
    /// <summary>What a run costs beyond its tokens, in tokens: measured with encoders of 6 layers of 384.</summary>
    private const int RunCost = 48;

    /// <summary>Inputs looked back at for a run; longer runs gain nothing.</summary>
    private const int MostRows = 64;

    /// <summary>The numbers of inputs of each run, for lengths in ascending order.</summary>
    public static List<int> Sizes(int[] lengths)
    {
        // Cheapest way to run the first i inputs: the last run of it, of the inputs from j on, is as wide as input i - 1.
        var costs = new long[lengths.Length + 1];
        var starts = new int[lengths.Length + 1];
        for (var i = 1; i <= lengths.Length; i++)
        {
            costs[i] = long.MaxValue;
            for (var j = i - 1; j >= Math.Max(0, i - MostRows); j--)
            {
                var cost = costs[j] + RunCost + ((long)(i - j) * lengths[i - 1]);
                if (cost < costs[i])
                    (costs[i], starts[i]) = (cost, j);
            }
        }

        var sizes = new List<int>();
        for (var end = lengths.Length; end > 0; end = starts[end])
            sizes.Add(end - starts[end]);
        sizes.Reverse();
        return sizes;
    }
}
