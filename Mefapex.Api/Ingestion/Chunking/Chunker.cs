using Mefapex.Api.Ingestion.Readers;

namespace Mefapex.Api.Ingestion.Chunking;

/// <summary>
/// Cuts a text where its structure does: never across a heading or the end of a page, between paragraphs and rows where
/// that gives pieces of a good size, else between sentences, and inside a sentence only when it alone is too long.
/// </summary>
internal static class Chunker
{
    public const int MaxWords = 220;
    public const int MaxCharacters = 2400;
    private const int GoodWords = 160;
    private const int MaxHeading = 300;
    private const string HeadingJoint = " › ";

    public static IEnumerable<Chunk> Of(ExtractedText extracted)
    {
        var text = extracted.Text;
        var headings = new List<(int Level, string Text)>();
        var section = new List<PlacedBlock>();
        for (var i = 0; i < extracted.Blocks.Count; i++)
        {
            var block = extracted.Blocks[i];
            var startsAnew = block.Kind is BlockKind.Heading || (section.Count > 0 && section[^1].Page != block.Page);
            if (startsAnew)
            {
                foreach (var chunk in Cut(text, section, PathOf(headings)))
                    yield return chunk;
                section.Clear();
            }

            if (block.Kind is not BlockKind.Heading)
            {
                section.Add(block);
                continue;
            }

            headings.RemoveAll(above => above.Level >= block.Level);
            // A heading with nothing under it is all that its section says.
            if (i + 1 == extracted.Blocks.Count
                || (extracted.Blocks[i + 1] is { Kind: BlockKind.Heading } next && next.Level <= block.Level))
            {
                foreach (var chunk in Cut(text, [block], PathOf(headings)))
                    yield return chunk;
            }

            headings.Add((block.Level, text.Substring(block.Offset, block.Length).ReplaceLineEndings(" ")));
        }

        foreach (var chunk in Cut(text, section, PathOf(headings)))
            yield return chunk;
    }

    private static string? PathOf(List<(int Level, string Text)> headings)
    {
        if (headings.Count == 0)
            return null;
        var path = string.Join(HeadingJoint, headings.Select(h => h.Text));
        return path.Length <= MaxHeading ? path : string.Concat(path.AsSpan(0, LastWhole(path, MaxHeading - 1)), "…");
    }

    private static IEnumerable<Chunk> Cut(string text, List<PlacedBlock> blocks, string? heading)
    {
        if (blocks.Count == 0)
            yield break;

        var units = blocks.SelectMany(block => Units(text, block.Offset, block.Offset + block.Length)).ToList();
        var pieces = Math.Max(1, (int)Math.Ceiling(units.Sum(u => u.Words) / (double)GoodWords));
        var goal = units.Sum(u => u.Words) / (double)pieces;
        var (start, words) = (units[0].Start, 0);
        var end = start;
        foreach (var unit in units)
        {
            var isFull = words > 0
                && (words >= goal || words + unit.Words > MaxWords || unit.End - start > MaxCharacters
                    || (words >= goal * 0.75 && unit.StartsBlock && words + unit.Words > goal * 1.1));
            if (isFull)
            {
                yield return new Chunk(start, end - start, blocks[0].Page, heading);
                (start, words) = (unit.Start, 0);
            }

            words += unit.Words;
            end = unit.End;
        }

        yield return new Chunk(start, end - start, blocks[0].Page, heading);
    }

    /// <summary>Sentences of a block, and parts of sentences that are too long, without the white space between them.</summary>
    private static IEnumerable<Unit> Units(string text, int from, int to)
    {
        var start = from;
        while (start < to)
        {
            var end = SentenceEnd(text, start, to);
            var (stop, words) = Bound(text, start, end);
            yield return new Unit(start, TrimEnd(text, start, stop), words, start == from);
            start = stop;
            while (start < to && char.IsWhiteSpace(text[start]))
                start++;
        }
    }

    /// <summary>After a full stop and the like that white space and no small letter follows, or at a line's end.</summary>
    private static int SentenceEnd(string text, int start, int to)
    {
        for (var i = start; i < to - 1; i++)
        {
            if (text[i] == '\n')
                return i + 1;
            if (text[i] is not ('.' or '!' or '?' or '…') || !char.IsWhiteSpace(text[i + 1]))
                continue;
            var next = i + 1;
            while (next < to && char.IsWhiteSpace(text[next]))
                next++;
            if (next < to && !char.IsLower(text[next]) && !IsAbbreviation(text, start, i))
                return i + 1;
        }

        return to;
    }

    /// <summary>A single letter or a number before the full stop: "A. Yılmaz", "3. madde".</summary>
    private static bool IsAbbreviation(string text, int start, int stop)
    {
        var word = stop;
        while (word > start && char.IsLetterOrDigit(text[word - 1]))
            word--;
        return text[stop] == '.' && (stop - word <= 1 || text.AsSpan(word, stop - word).IndexOfAnyExceptInRange('0', '9') < 0);
    }

    /// <summary>Where the piece must end at the latest, and how many words it then has.</summary>
    private static (int End, int Words) Bound(string text, int start, int end)
    {
        var (words, wordStart) = (0, start);
        for (var i = start; i < end; i++)
        {
            if (i > start && char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i]))
                wordStart = i;
            if (i == wordStart && ++words > MaxWords)
                return (i, words - 1);
            if (i - start >= MaxCharacters)
                return wordStart > start ? (wordStart, words - 1) : (LastWhole(text, i), 1);
        }

        return (end, words);
    }

    /// <summary>Not between the halves of a character.</summary>
    private static int LastWhole(string text, int index) => char.IsLowSurrogate(text[index]) ? index - 1 : index;

    private static int TrimEnd(string text, int start, int end)
    {
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        return end;
    }

    /// <param name="StartsBlock">Whether a paragraph, list item or row begins with it.</param>
    private readonly record struct Unit(int Start, int End, int Words, bool StartsBlock);
}
