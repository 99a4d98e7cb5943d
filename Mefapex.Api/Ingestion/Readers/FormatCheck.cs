using System.Text;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>Decides what a file is: its name, what its sender calls it and its content must agree.</summary>
internal sealed class FormatCheck(IOptions<IngestionOptions> options)
{
    private const int Head = 4096;

    /// <summary>First bytes by which files that are no text are known, with what they are.</summary>
    private static readonly (byte[] Magic, string Kind)[] Signatures =
    [
        ("%PDF-"u8.ToArray(), "pdf"),
        ("PK\u0003\u0004"u8.ToArray(), "zip"),
        ("PK\u0005\u0006"u8.ToArray(), "zip"),
        ("MZ"u8.ToArray(), "program"),
        ([0x7F, .. "ELF"u8], "program"),
        ([0xFE, 0xED, 0xFA, 0xCE], "program"),
        ([0xFE, 0xED, 0xFA, 0xCF], "program"),
        ([0xCE, 0xFA, 0xED, 0xFE], "program"),
        ([0xCF, 0xFA, 0xED, 0xFE], "program"),
        ([0xCA, 0xFE, 0xBA, 0xBE], "program"),
        ("#!"u8.ToArray(), "program"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "ole"),
        ([0x89, .. "PNG"u8], "image"),
        ([0xFF, 0xD8, 0xFF], "image"),
        ("GIF8"u8.ToArray(), "image"),
        ([0x1F, 0x8B], "archive"),
        ("7z\u00BC\u00AF"u8.ToArray(), "archive"),
        ("Rar!"u8.ToArray(), "archive"),
    ];

    /// <exception cref="UnreadableFileException">They do not agree, or nothing here reads such files.</exception>
    public async Task<FileFormat> OfAsync(string path, string fileName, string? mediaType, CancellationToken cancellationToken)
    {
        var format = FileFormat.OfName(fileName)
            ?? throw new UnreadableFileException(FileProblem.UnknownFormat, Path.GetExtension(fileName));
        if (!format.GoesBy(mediaType))
            throw new UnreadableFileException(FileProblem.MediaTypeMismatch, mediaType);

        var head = await HeadAsync(path, cancellationToken);
        if (head.Length == 0)
            throw new UnreadableFileException(FileProblem.NoText);
        var kind = KindOf(head);
        var found = kind == "zip" ? OfficePackage.KindOf(path, options.Value) : kind;
        return found == Expected(format) ? format : throw new UnreadableFileException(FileProblem.ContentMismatch, found);
    }

    private static string Expected(FileFormat format) =>
        format == FileFormat.Pdf || format == FileFormat.Docx || format == FileFormat.Xlsx ? format.Name : "text";

    private static string KindOf(byte[] head)
    {
        foreach (var (magic, kind) in Signatures)
        {
            if (head.AsSpan().StartsWith(magic) && (kind != "program" || !IsText(head) || magic[0] == '#'))
                return kind;
        }

        // Writers may put something before the header of a PDF; readers look for it in the first kilobyte.
        if (head.AsSpan(0, Math.Min(head.Length, 1024)).IndexOf("%PDF-"u8) >= 0 && !IsText(head))
            return "pdf";
        return IsText(head) ? "text" : "binary";
    }

    /// <summary>Text has no zero bytes, but for the encodings that need them and say so.</summary>
    private static bool IsText(ReadOnlySpan<byte> head) => !head.Contains((byte)0) || TextDecoding.WideEncodingOf(head) is not null;

    private static async Task<byte[]> HeadAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var head = new byte[(int)Math.Min(Head, file.Length)];
        await file.ReadExactlyAsync(head, cancellationToken);
        return head;
    }
}
