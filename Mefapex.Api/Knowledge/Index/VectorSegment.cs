using System.Collections;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>
/// Vectors in one contiguous matrix, twice: as floats, and rounded to eight bits with a step of its own for each row. A
/// row's rounded form differs from the vector by a difference of known length, so the inequality of Cauchy and Schwarz
/// bounds how far a cosine of the rounded forms can be off, and only rows that could still be among the best are
/// compared in full.
/// </summary>
internal sealed class VectorSegment
{
    /// <summary>Rows of eight bits are filled up to a multiple of this, so that no loop over them needs a tail.</summary>
    public const int Lane = 64;

    private readonly VectorKey[] _keys;
    private readonly float[] _values;
    private readonly int _dimensions;
    private readonly BitArray? _gone;

    private VectorSegment(VectorSegment of, BitArray gone, int alive)
    {
        (Source, _dimensions, Stride) = (of.Source, of._dimensions, of.Stride);
        (_keys, _values, Codes, Bounds) = (of._keys, of._values, of.Codes, of.Bounds);
        (Audiences, AudienceOf) = (of.Audiences, of.AudienceOf);
        (_gone, Alive) = (gone, alive);
    }

    private VectorSegment(VectorSource source, int dimensions, IReadOnlyList<IndexedVector> vectors)
    {
        Source = source;
        _dimensions = dimensions;
        Stride = (dimensions + Lane - 1) / Lane * Lane;
        Alive = vectors.Count;
        _keys = [.. vectors.Select(v => v.Key)];
        _values = GC.AllocateUninitializedArray<float>(vectors.Count * dimensions);
        Codes = new sbyte[vectors.Count * Stride];
        Bounds = new RowBound[vectors.Count];
        AudienceOf = new int[vectors.Count];

        var audiences = new List<string[]>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < vectors.Count; row++)
        {
            vectors[row].Values.CopyTo(_values, row * dimensions);
            Bounds[row] = RowBound.Of(vectors[row].Values, Codes.AsSpan(row * Stride, Stride));
            var key = string.Join('\n', vectors[row].Audience);
            if (!numbers.TryGetValue(key, out AudienceOf[row]))
            {
                AudienceOf[row] = numbers[key] = audiences.Count;
                audiences.Add([.. vectors[row].Audience]);
            }
        }

        Audiences = audiences;
    }

    public VectorSource Source { get; }

    public int Rows => _keys.Length;

    /// <summary>Rows that can be found.</summary>
    public int Alive { get; }

    /// <summary>So many rows are gone that copying the others pays.</summary>
    public bool IsSparse => Alive < Rows * 3 / 4;

    /// <summary>Bytes of one row of <see cref="Codes"/>.</summary>
    public int Stride { get; }

    /// <summary>The rows in eight bits, each <see cref="Stride"/> long.</summary>
    public sbyte[] Codes { get; }

    public RowBound[] Bounds { get; }

    /// <summary>The different audiences of the rows.</summary>
    public IReadOnlyList<string[]> Audiences { get; }

    /// <summary>Which of <see cref="Audiences"/> each row has.</summary>
    public int[] AudienceOf { get; }

    public long Bytes => ((long)_values.Length * sizeof(float)) + Codes.Length + (Rows * (12L + sizeof(int) + 64));

    public static VectorSegment Of(VectorSource source, int dimensions, IReadOnlyList<IndexedVector> vectors) =>
        new(source, dimensions, vectors);

    public bool IsGone(int row) => _gone is not null && _gone[row];

    public VectorHit HitOf(int row, float cosine) => new(_keys[row], cosine);

    public float Cosine(int row, ReadOnlySpan<float> query) =>
        TensorPrimitives.Dot(query, _values.AsSpan(row * _dimensions, _dimensions));

    /// <summary>The same segment without the vectors of some owners; the matrices are shared.</summary>
    public VectorSegment Without(HashSet<VectorOwner> owners)
    {
        BitArray? gone = null;
        var alive = Alive;
        for (var row = 0; row < Rows; row++)
        {
            if (IsGone(row) || !owners.Contains(_keys[row].Owner))
                continue;
            gone ??= _gone is null ? new BitArray(Rows) : new BitArray(_gone);
            gone[row] = true;
            alive--;
        }

        return gone is null ? this : new VectorSegment(this, gone, alive);
    }

    /// <summary>The vectors that are not gone, in order.</summary>
    public IEnumerable<IndexedVector> Vectors()
    {
        for (var row = 0; row < Rows; row++)
        {
            if (!IsGone(row))
                yield return new IndexedVector(_keys[row], Audiences[AudienceOf[row]], _values.AsSpan(row * _dimensions, _dimensions).ToArray());
        }
    }
}

/// <summary>What is known of a vector beside its rounded form.</summary>
/// <param name="Step">Value of one unit of the rounded form.</param>
/// <param name="Length">Length of the rounded form, in the vector's own units.</param>
/// <param name="Lost">Length of the difference between the vector and its rounded form.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RowBound(float Step, float Length, float Lost)
{
    /// <summary>Rounds a vector to eight bits.</summary>
    public static RowBound Of(ReadOnlySpan<float> vector, Span<sbyte> codes)
    {
        var largest = TensorPrimitives.MaxMagnitude(vector);
        var step = MathF.Abs(largest) / sbyte.MaxValue;
        double length = 0, lost = 0;
        for (var i = 0; i < vector.Length && step > 0; i++)
        {
            codes[i] = (sbyte)MathF.Round(vector[i] / step);
            var rounded = codes[i] * (double)step;
            length += rounded * rounded;
            lost += (vector[i] - rounded) * (vector[i] - rounded);
        }

        return new RowBound(step, (float)Math.Sqrt(length), (float)Math.Sqrt(lost));
    }
}
