using System.Text;
using System.Text.RegularExpressions;

namespace Mefapex.Inference.Tokenizers;

/// <summary>Changes a text before it is split.</summary>
internal abstract class Normalizer
{
    /// <summary>Whether a text cut at a space between two letters or digits of ASCII normalises to the beginning of
    /// what the whole text does.</summary>
    public virtual bool IsLocal => true;

    /// <summary>The text itself where nothing changes.</summary>
    public abstract string Apply(string text);
}

internal sealed class NormalizerSequence(Normalizer[] parts) : Normalizer
{
    public override bool IsLocal => parts.All(part => part.IsLocal);

    public override string Apply(string text)
    {
        foreach (var part in parts)
            text = part.Apply(text);
        return text;
    }
}

internal sealed class UnicodeNormalizer(NormalizationForm form) : Normalizer
{
    public override string Apply(string text) => UnicodeText.Normalize(text, form);
}

internal sealed class LowercaseNormalizer : Normalizer
{
    public override string Apply(string text) => UnicodeText.ToLower(text);
}

/// <summary>Drops marks; letters that carry theirs inside need NFD before it.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override string Apply(string text) => UnicodeText.Without(text, Characters.IsMark);
}

internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Apply(string text)
    {
        var start = 0;
        var end = text.Length;
        while (left && start < end && Characters.IsSpace(text[start]))
            start++;
        while (right && end > start && Characters.IsSpace(text[end - 1]))
            end--;
        return text[start..end];
    }
}

internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Apply(string text) => text.Length == 0 ? text : prefix + text;
}

internal sealed class ReplaceStringNormalizer(string pattern, string content) : Normalizer
{
    public override bool IsLocal => pattern.Length == 1;

    public override string Apply(string text) => text.Replace(pattern, content, StringComparison.Ordinal);
}

internal sealed class ReplaceRegexNormalizer(Regex pattern, string content) : Normalizer
{
    public override bool IsLocal => false;

    public override string Apply(string text) => pattern.Replace(text, _ => content);
}

/// <summary>The cleaning of SentencePiece's translation models: control characters go, odd white space becomes a
/// space.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    public override string Apply(string text)
    {
        StringBuilder? result = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var drop = c is (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F'
                or '\u008F' or '\u009F';
            var space = c is '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028'
                or '\u2029' or '\u2581' or '\uFEFF' or '\uFFFD';
            if (drop || space)
                result ??= new StringBuilder(text.Length).Append(text, 0, i);
            if (!drop)
                result?.Append(space ? ' ' : c);
        }

        return result?.ToString() ?? text;
    }
}
