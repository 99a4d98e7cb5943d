using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mefapex.Api.Knowledge.Index;

/// <summary>One question on its way through segments: a pass over the rounded vectors leaves the few that could be among
/// the best, and those are compared in full.</summary>
internal sealed class VectorScan
{
    /// <summary>Rows that one thread goes through at least; fewer than two such parts are not worth a second thread.</summary>
    private const int PartRows = 32_768;

    /// <summary>More than float arithmetic can be off for vectors of unit length.</summary>
    private const float Rounding = 1e-5f;

    private readonly VectorQuery _query;
    private readonly short[] _codes;
    private readonly RowBound _bound;
    private readonly float _length;

    public VectorScan(VectorQuery query)
    {
        _query = query;
        var values = query.Values.Span;
        var rounded = new sbyte[(values.Length + VectorSegment.Lane - 1) / VectorSegment.Lane * VectorSegment.Lane];
        _bound = RowBound.Of(values, rounded);
        _codes = Array.ConvertAll(rounded, code => (short)code);
        _length = _bound.Length + _bound.Lost;
    }

    public List<VectorHit> Nearest(IReadOnlyList<VectorSegment> segments)
    {
        var readable = segments.Select(s => s.Audiences.Select(_query.Reader.MayRead).ToArray()).ToArray();
        var parts = Parts(segments);
        var found = new List<Near>[parts.Count];
        if (parts.Count > 1 && Environment.ProcessorCount > 1)
            Parallel.For(0, parts.Count, part => found[part] = Pass(parts[part], segments, readable));
        else
            for (var part = 0; part < parts.Count; part++)
                found[part] = Pass(parts[part], segments, readable);

        var least = LeastOf(found);
        return
        [
            .. found.SelectMany(f => f)
                .Where(n => n.Most >= least)
                .Select(n => (n.Segment, n.Row, Cosine: segments[n.Segment].Cosine(n.Row, _query.Values.Span)))
                .OrderByDescending(n => n.Cosine)
                .ThenBy(n => n.Segment)
                .ThenBy(n => n.Row)
                .Take(_query.Count)
                .Select(n => segments[n.Segment].HitOf(n.Row, n.Cosine)),
        ];
    }

    private static List<Part> Parts(IReadOnlyList<VectorSegment> segments)
    {
        var parts = new List<Part>();
        for (var segment = 0; segment < segments.Count; segment++)
        {
            var rows = segments[segment].Rows;
            var count = Math.Max(1, rows / PartRows);
            for (var part = 0; part < count; part++)
                parts.Add(new Part(segment, (int)((long)rows * part / count), (int)((long)rows * (part + 1) / count)));
        }

        return parts;
    }

    /// <summary>The rows of a part that could be among its best, as far as the rounded forms tell.</summary>
    private List<Near> Pass(Part part, IReadOnlyList<VectorSegment> segments, bool[][] readable)
    {
        var segment = segments[part.Segment];
        var best = new PriorityQueue<float, float>(_query.Count + 1);
        var near = new List<Near>(_query.Count * 4);
        var least = float.NegativeInfinity;
        for (var row = part.From; row < part.To; row++)
        {
            ref readonly var bound = ref segment.Bounds[row];
            var dot = Dot(segment.Codes, row * segment.Stride, _codes) * (bound.Step * _bound.Step);
            var off = (bound.Lost * _length) + (_bound.Lost * bound.Length) + Rounding;
            if (dot + off < least || segment.IsGone(row) || !readable[part.Segment][segment.AudienceOf[row]])
                continue;

            near.Add(new Near(part.Segment, row, dot - off, dot + off));
            if (best.Count < _query.Count)
                best.Enqueue(dot - off, dot - off);
            else
                best.EnqueueDequeue(dot - off, dot - off);
            if (best.Count == _query.Count)
                least = best.Peek();
        }

        near.RemoveAll(n => n.Most < least);
        return near;
    }

    /// <summary>What as many rows as are asked for reach for certain.</summary>
    private float LeastOf(List<Near>[] found)
    {
        var certain = found.SelectMany(f => f).Select(n => n.Least).OrderDescending().Take(_query.Count).ToList();
        return certain.Count < _query.Count ? float.NegativeInfinity : certain[^1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Dot(sbyte[] codes, int start, short[] query)
    {
        ref var a = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(codes), start);
        ref var b = ref MemoryMarshal.GetArrayDataReference(query);
        if (Avx512BW.IsSupported)
        {
            var sum = Vector512<int>.Zero;
            for (nuint i = 0; i < (nuint)query.Length; i += 32)
                sum += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.LoadUnsafe(ref a, i)), Vector512.LoadUnsafe(ref b, i));
            return Vector512.Sum(sum);
        }

        if (Avx2.IsSupported)
        {
            var sum = Vector256<int>.Zero;
            for (nuint i = 0; i < (nuint)query.Length; i += 16)
                sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref a, i)), Vector256.LoadUnsafe(ref b, i));
            return Vector256.Sum(sum);
        }

        var total = Vector<int>.Zero;
        for (nuint i = 0; i < (nuint)query.Length; i += (nuint)Vector<sbyte>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref a, i), out var low, out var high);
            Vector.Widen(low * Vector.LoadUnsafe(ref b, i), out var first, out var second);
            Vector.Widen(high * Vector.LoadUnsafe(ref b, i + (nuint)Vector<short>.Count), out var third, out var fourth);
            total += first + second + third + fourth;
        }

        return Vector.Sum(total);
    }

    /// <summary>Rows of a segment that one thread goes through.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Part(int Segment, int From, int To);

    /// <summary>A row whose cosine lies between two bounds.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Near(int Segment, int Row, float Least, float Most);
}
