using System.Text;
using Mefapex.Contracts.Knowledge;

namespace Mefapex.Api.Knowledge.Entries.Transfer;

/// <summary>An entry as a file says it.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Status">What it shall be where files may decide that; null where the file does not say.</param>
/// <param name="Errors">What could not even be read.</param>
internal sealed record FileEntry(int Line, EntryWrite Write, string? Status, FieldErrors Errors);

/// <summary>The file as a whole is not what it should be.</summary>
/// <param name="line">From 1.</param>
/// <param name="sentence">For people.</param>
internal sealed class UnreadableFileException(int line, string sentence) : Exception(sentence)
{
    public int Line => line;
}

internal static class FileText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The bytes behind a byte order mark, if there is one.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(byte[] file) =>
        file.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? file.AsMemory(Encoding.UTF8.Preamble.Length) : file;

    /// <exception cref="UnreadableFileException">It is not UTF-8.</exception>
    public static string Read(byte[] file)
    {
        try
        {
            return Strict.GetString(WithoutMark(file).Span);
        }
        catch (DecoderFallbackException e)
        {
            var line = 1 + file.AsSpan(0, Math.Clamp(e.Index, 0, file.Length)).Count((byte)'\n');
            throw new UnreadableFileException(line, EntryTexts.Get("file-not-text"));
        }
    }
}
