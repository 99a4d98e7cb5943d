namespace Mefapex.Inference.Embedding;

/// <summary>Cuts inputs of different lengths into runs so that little is computed for padding.</summary>
internal static class BatchPlan
{
    /// <summary>
    /// What starting a run costs, in tokens. Cutting one more time pays where it saves more padding than this.
    /// </summary>
    public const int RunCost = 48;

    /// <summary>The ends (exclusive) of the runs that together cost least.</summary>
    /// <param name="lengths">Tokens of each input, ascending.</param>
    /// <param name="tokensPerRun">Most tokens of a run, padding included; a longer input runs alone.</param>
    public static List<int> Cut(ReadOnlySpan<int> lengths, int tokensPerRun)
    {
        // least[i]: cost of the first i inputs; the last run of these begins at from[i].
        var least = new long[lengths.Length + 1];
        var from = new int[lengths.Length + 1];
        for (var end = 1; end <= lengths.Length; end++)
        {
            least[end] = long.MaxValue;
            var longest = lengths[end - 1];
            for (var start = end - 1; start >= 0; start--)
            {
                var padded = (long)(end - start) * longest;
                if (padded > tokensPerRun && start < end - 1)
                    break;
                if (least[start] + padded + RunCost < least[end])
                {
                    least[end] = least[start] + padded + RunCost;
                    from[end] = start;
                }
            }
        }

        var ends = new List<int>();
        for (var end = lengths.Length; end > 0; end = from[end])
            ends.Add(end);
        ends.Reverse();
        return ends;
    }
}
