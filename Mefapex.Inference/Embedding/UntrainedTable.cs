namespace Mefapex.Inference.Embedding;

/// <summary>
/// The encoder's table before it learns: each row is a sparse ternary random vector (random indexing; Achlioptas,
/// "Database-friendly random projections", 2003), so that different features are nearly orthogonal and the cosine of two
/// texts approximates that of their feature vectors. The same arguments give the same table.
/// </summary>
internal static class UntrainedTable
{
    /// <summary>Values of a row that are ±1.</summary>
    public const int NonZeros = 16;

    public const ulong Seed = 20260101;

    /// <summary>Euclidean length of each row.</summary>
    public const float RowLength = 4;

    public static sbyte[] Make(int buckets, int dimensions)
    {
        var table = new sbyte[buckets * dimensions];
        var state = Seed;
        for (var row = 0; row < buckets; row++)
        {
            for (var set = 0; set < NonZeros;)
            {
                // SplitMix64: a counter with golden-ratio steps through the mixing function.
                state += 0x9E3779B97F4A7C15;
                var bits = StableHash.Mix(state);
                ref var value = ref table[(row * dimensions) + (int)(bits % (ulong)dimensions)];
                if (value != 0)
                    continue;
                value = (bits >> 63) == 0 ? (sbyte)1 : (sbyte)-1;
                set++;
            }
        }

        return table;
    }
}
