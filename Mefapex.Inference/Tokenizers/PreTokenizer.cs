using System.Text;
using System.Text.RegularExpressions;

namespace Mefapex.Inference.Tokenizers;

/// <summary>Splits a normalised text into the pieces that the model sees one by one.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Whether what lies behind a space between two letters or digits of ASCII changes nothing before it.</summary>
    public virtual bool IsLocal => true;

    /// <summary>Whether no piece reaches over such a space.</summary>
    public virtual bool CutsAtSpace => false;

    public abstract PieceList Apply(PieceList pieces);
}

internal sealed class PreTokenizerSequence(PreTokenizer[] parts) : PreTokenizer
{
    public override bool IsLocal => parts.All(part => part.IsLocal);

    public override bool CutsAtSpace => parts.Any(part => part.CutsAtSpace);

    public override PieceList Apply(PieceList pieces)
    {
        foreach (var part in parts)
            pieces = part.Apply(pieces);
        return pieces;
    }
}

/// <summary>One that only chooses where to split.</summary>
internal abstract class Splitter : PreTokenizer
{
    public sealed override PieceList Apply(PieceList pieces)
    {
        var result = new PieceList(pieces.Text, pieces.FirstIsStart);
        foreach (var (start, length) in pieces.Items)
            Split(pieces.Text, start, start + length, result);
        return result;
    }

    protected abstract void Split(string text, int start, int end, PieceList result);
}

/// <summary>Words between white space.</summary>
internal sealed class WhitespaceSplitter : Splitter
{
    public override bool CutsAtSpace => true;

    protected override void Split(string text, int start, int end, PieceList result)
    {
        var word = start;
        for (var i = start; i < end; i++)
        {
            if (!Characters.IsSpace(text[i]))
                continue;
            result.Add(word, i);
            word = i + 1;
        }

        result.Add(word, end);
    }
}

/// <summary>Words between white space, with each punctuation mark for itself.</summary>
internal sealed class BertSplitter : Splitter
{
    public override bool CutsAtSpace => true;

    protected override void Split(string text, int start, int end, PieceList result)
    {
        var span = text.AsSpan(0, end);
        var word = start;
        for (var i = start; i < end;)
        {
            var width = 1;
            if (Characters.IsSpace(span[i]))
            {
                result.Add(word, i);
                word = i + 1;
            }
            else if (Characters.IsPunctuation(span, i, out width))
            {
                result.Add(word, i);
                result.Add(i, i + width);
                word = i + width;
            }

            i += width;
        }

        result.Add(word, end);
    }
}

/// <summary>Runs of word characters and runs of what is neither word nor white space: <c>\w+|[^\w\s]+</c>.</summary>
internal sealed class WordSplitter : Splitter
{
    public override bool CutsAtSpace => true;

    protected override void Split(string text, int start, int end, PieceList result)
    {
        var span = text.AsSpan(0, end);
        var run = start;
        var inWord = false;
        for (var i = start; i < end;)
        {
            var width = 1;
            if (Characters.IsSpace(span[i]))
            {
                result.Add(run, i);
                run = i + 1;
            }
            else
            {
                var word = Characters.IsWord(span, i, out width);
                if (word != inWord)
                {
                    result.Add(run, i);
                    run = i;
                }

                inWord = word;
            }

            i += width;
        }

        result.Add(run, end);
    }
}

/// <summary>What becomes of the matches that a text is split at.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Splits at matches: of white space, digits, a pattern.</summary>
internal abstract class MatchSplitter(SplitBehavior behavior) : Splitter
{
    protected sealed override void Split(string text, int start, int end, PieceList result)
    {
        var parts = new List<(int Start, int End, bool Match)>();
        Find(text, start, end, parts);
        switch (behavior)
        {
            case SplitBehavior.Removed:
                foreach (var part in parts.Where(part => !part.Match))
                    result.Add(part.Start, part.End);
                break;
            case SplitBehavior.Isolated:
                foreach (var part in parts)
                    result.Add(part.Start, part.End);
                break;
            case SplitBehavior.Contiguous:
                AddJoined(parts, result, (before, part) => before.Match == part.Match);
                break;
            case SplitBehavior.MergedWithPrevious:
                AddJoined(parts, result, (before, part) => part.Match && !before.Match);
                break;
            case SplitBehavior.MergedWithNext:
                AddJoined(parts, result, (before, part) => before.Match && !part.Match);
                break;
        }
    }

    /// <summary>Adds the matches and what lies between them, in order and without a gap.</summary>
    protected abstract void Find(string text, int start, int end, List<(int Start, int End, bool Match)> parts);

    private static void AddJoined(
        List<(int Start, int End, bool Match)> parts,
        PieceList result,
        Func<(int Start, int End, bool Match), (int Start, int End, bool Match), bool> joins)
    {
        for (var i = 0; i < parts.Count;)
        {
            var first = i++;
            while (i < parts.Count && joins(parts[i - 1], parts[i]))
                i++;
            result.Add(parts[first].Start, parts[i - 1].End);
        }
    }
}

/// <summary>Splits at single characters.</summary>
internal sealed class CharacterSplitter(SplitBehavior behavior, CharacterSplitter.Kind kind) : MatchSplitter(behavior)
{
    public enum Kind
    {
        Punctuation,
        Number,
    }

    protected override void Find(string text, int start, int end, List<(int Start, int End, bool Match)> parts)
    {
        var span = text.AsSpan(0, end);
        var rest = start;
        for (var i = start; i < end;)
        {
            int width;
            var match = kind == Kind.Punctuation
                ? Characters.IsPunctuation(span, i, out width)
                : Characters.IsNumber(Characters.CategoryAt(span, i, out width));
            if (match)
            {
                if (i > rest)
                    parts.Add((rest, i, false));
                parts.Add((i, i + width, true));
                rest = i + width;
            }

            i += width;
        }

        if (end > rest)
            parts.Add((rest, end, false));
    }
}

/// <summary>Splits at the matches of a pattern.</summary>
/// <param name="invert">Whether what lies between the matches counts as match.</param>
internal sealed class PatternSplitter(TokenPattern pattern, SplitBehavior behavior, bool invert) : MatchSplitter(behavior)
{
    public override bool IsLocal => false;

    protected override void Find(string text, int start, int end, List<(int Start, int End, bool Match)> parts)
    {
        var rest = start;
        foreach (var (matchStart, matchEnd) in pattern.Matches(text, start, end))
        {
            if (matchStart > rest)
                parts.Add((rest, matchStart, invert));
            if (matchEnd > matchStart)
                parts.Add((matchStart, matchEnd, !invert));
            rest = matchEnd;
        }

        if (end > rest)
            parts.Add((rest, end, invert));
    }
}

/// <summary>When a word gets SentencePiece's mark of a word's beginning.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>Writes spaces as a visible mark and splits before each.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    public override bool CutsAtSpace => split;

    public override PieceList Apply(PieceList pieces)
    {
        var text = new StringBuilder(pieces.Text.Length + pieces.Items.Count);
        var bounds = new List<(int Start, int End)>(pieces.Items.Count);
        for (var i = 0; i < pieces.Items.Count; i++)
        {
            var piece = pieces[i];
            var start = text.Length;
            var prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && i == 0 && pieces.FirstIsStart);
            if (prepends && piece[0] != ' ' && piece[0] != replacement)
                text.Append(replacement);
            var first = text.Length;
            text.Append(piece).Replace(' ', replacement, first, piece.Length);
            bounds.Add((start, text.Length));
        }

        var result = new PieceList(text.ToString(), pieces.FirstIsStart);
        foreach (var (start, end) in bounds)
        {
            var word = start;
            for (var i = start + 1; split && i < end; i++)
            {
                if (result.Text[i] != replacement)
                    continue;
                result.Add(word, i);
                word = i;
            }

            result.Add(word, end);
        }

        return result;
    }
}
