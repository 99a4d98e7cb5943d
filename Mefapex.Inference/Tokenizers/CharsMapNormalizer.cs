using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mefapex.Inference.Tokenizers;

/// <summary>
/// SentencePiece's precompiled normalisation: a double-array trie (of Darts-clone) from UTF-8 to the offset of the
/// replacement in a pool of zero-terminated strings; at each place the longest match wins.
/// </summary>
/// <remarks>
/// The map is applied in one pass, which leaves marks apart that it has no entry for and marks out of order. Where it
/// is a map to NFKC (it composes é and takes ﬁ apart) the rest is brought to NFKC, as transformers.js does, but for
/// U+FF5E, which SentencePiece's own maps spare.
/// </remarks>
internal sealed class CharsMapNormalizer : Normalizer
{
    private const char FullwidthTilde = '\uFF5E';
    private const int LongestUtf8 = 4;

    private readonly uint[] _units;
    private readonly byte[] _pool;

    /// <summary>Replacements of ASCII characters that begin no longer match within ASCII; null where there is none.</summary>
    private readonly string?[] _ascii = new string?[128];
    private readonly bool _asciiAlone;
    private readonly bool _isCompatibilityComposition;

    /// <summary>Of a map as it stands in the tokenizer file, decoded from base64.</summary>
    /// <exception cref="FormatException">The bytes are no such map.</exception>
    public CharsMapNormalizer(ReadOnlySpan<byte> map)
    {
        if (map.Length < 4)
            throw new FormatException("it is shorter than its header");
        var trieBytes = BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (trieBytes == 0 || trieBytes % 4 != 0 || trieBytes > map.Length - 4)
            throw new FormatException($"its trie of {trieBytes} bytes does not fit into {map.Length} bytes");

        _units = new uint[trieBytes / 4];
        for (var i = 0; i < _units.Length; i++)
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + (4 * i))..]);
        _pool = map[(4 + (int)trieBytes)..].ToArray();
        if (_pool.Length > 0 && _pool[^1] != 0)
            throw new FormatException("its last replacement has no end");

        _asciiAlone = true;
        for (var c = 0; c < 128; c++)
        {
            _ascii[c] = LongestMatch([(char)c], out _);
            for (var next = 0; next < 128 && _asciiAlone; next++)
                _asciiAlone = LongestMatch([(char)c, (char)next], out var length) is null || length < 2;
        }

        _isCompatibilityComposition =
            string.Equals(Map("e\u0301"), "é", StringComparison.Ordinal) &&
            string.Equals(Map("ﬁ"), "fi", StringComparison.Ordinal);
    }

    public override string Apply(string text)
    {
        var mapped = Map(text);
        if (!_isCompatibilityComposition)
            return mapped;
        return mapped.Contains(FullwidthTilde)
            ? string.Join(FullwidthTilde, mapped.Split(FullwidthTilde).Select(Compose))
            : Compose(mapped);

        static string Compose(string part) => UnicodeText.Normalize(part, NormalizationForm.FormKC);
    }

    private string Map(string text)
    {
        StringBuilder? result = null;
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            var width = 1;
            string? replacement;
            if (c < 128 && _asciiAlone && (i + 1 == text.Length || text[i + 1] < 128))
                replacement = _ascii[c];
            else
                replacement = LongestMatch(text.AsSpan(i), out width);

            if (replacement is null)
            {
                width = Characters.IsPairAt(text, i) ? 2 : 1;
                result?.Append(text, i, width);
            }
            else
            {
                result ??= new StringBuilder(text.Length + 16).Append(text, 0, i);
                result.Append(replacement);
            }

            i += width;
        }

        return result?.ToString() ?? text;
    }

    /// <summary>The replacement at the beginning of a text; null where there is none.</summary>
    /// <param name="length">UTF-16 units matched.</param>
    private string? LongestMatch(ReadOnlySpan<char> text, out int length)
    {
        Span<byte> utf8 = stackalloc byte[LongestUtf8];
        length = 0;
        var found = -1;
        var node = Offset(_units[0]);
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text[i..], out var rune, out var units) != OperationStatus.Done)
                break;
            var bytes = rune.EncodeToUtf8(utf8);
            var ends = false;
            foreach (var value in utf8[..bytes])
            {
                // A unit of the double array: its lowest 8 bits and the highest name the byte that leads to it, bit 8
                // says that a key ends there, bits 10 to 30 (times 256 if bit 9 is set) are the offset of its children.
                node ^= value;
                if (value == 0 || node >= (uint)_units.Length || (_units[node] & 0x800000FF) != value)
                    return found < 0 ? null : ReplacementAt(found);
                ends = (_units[node] & 0x100) != 0;
                node ^= Offset(_units[node]);
            }

            i += units;
            if (ends && node < (uint)_units.Length)
            {
                found = (int)(_units[node] & 0x7FFFFFFF);
                length = i;
            }
        }

        return found < 0 ? null : ReplacementAt(found);
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);

    private string ReplacementAt(int offset)
    {
        if (offset >= _pool.Length)
            return "";
        var end = Array.IndexOf(_pool, (byte)0, offset);
        return Encoding.UTF8.GetString(_pool, offset, end - offset);
    }
}
