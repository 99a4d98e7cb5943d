namespace Mefapex.Api.Knowledge.Search;

/// <summary>The trigrams of a folded text and their similarity, by the rules of PostgreSQL's <c>pg_trgm</c>: words padded with
/// two spaces before and one behind, each trigram once.</summary>
internal static class TrigramSet
{
    /// <summary>Less than this says nothing; PostgreSQL looks for what reaches it.</summary>
    public const double Least = 0.2;

    /// <summary>The trigrams as numbers, sorted.</summary>
    public static int[] Of(string folded)
    {
        var trigrams = new SortedSet<int>();
        var (first, second) = (' ', ' ');
        foreach (var c in folded.Append(' '))
        {
            var letter = char.IsLetterOrDigit(c) ? c : ' ';
            if (second != ' ' || letter != ' ')
                trigrams.Add(HashCode(first, second, letter));
            (first, second) = letter == ' ' ? (' ', ' ') : (second, letter);
        }

        return [.. trigrams];
    }

    /// <summary>Shared trigrams over all trigrams of both, 0 to 1.</summary>
    public static double Similarity(int[] a, int[] b)
    {
        var (i, j, shared) = (0, 0, 0);
        while (i < a.Length && j < b.Length)
        {
            var (x, y) = (a[i], b[j]);
            if (x == y)
                shared++;
            if (x <= y)
                i++;
            if (y <= x)
                j++;
        }

        return shared == 0 ? 0 : shared / (double)(a.Length + b.Length - shared);
    }

    /// <summary>Folded text is nearly all ASCII, whose trigrams stay apart.</summary>
    private static int HashCode(char first, char second, char third) => ((first * 1021) + second) * 1021 + third;
}
