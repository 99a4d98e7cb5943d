using System.Text;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Text files of which nobody says how they are encoded.</summary>
internal static class TextDecoding
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What Turkish Windows programs write.</summary>
    private static readonly Encoding Windows1254 = CodePagesEncodingProvider.Instance.GetEncoding(1254)!;

    public static async Task<string> ReadAsync(string path, CancellationToken cancellationToken) =>
        Decode(await File.ReadAllBytesAsync(path, cancellationToken));

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (WideEncodingOf(bytes) is { } wide)
            return wide.GetString(bytes).TrimStart('\uFEFF');
        try
        {
            return StrictUtf8.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return Windows1254.GetString(bytes);
        }
    }

    /// <summary>UTF-16 or UTF-32 with a byte order mark, or UTF-16 that shows by its zero bytes; else null.</summary>
    public static Encoding? WideEncodingOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]))
            return Encoding.UTF32;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return Encoding.Unicode;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return Encoding.BigEndianUnicode;

        // Without a mark: in Latin and Turkish letters one byte of each pair is 0 or 1, and the other one never 0.
        var pairs = Math.Min(bytes.Length, 4096) / 2;
        Span<int> zeros = stackalloc int[2];
        Span<int> smalls = stackalloc int[2];
        for (var i = 0; i < 2 * pairs; i++)
        {
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
            smalls[i % 2] += bytes[i] <= 1 ? 1 : 0;
        }

        if (zeros[0] == 0 && zeros[1] > 0 && smalls[1] > pairs * 0.9)
            return Encoding.Unicode;
        return zeros[1] == 0 && zeros[0] > 0 && smalls[0] > pairs * 0.9 ? Encoding.BigEndianUnicode : null;
    }
}
