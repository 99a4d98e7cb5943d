using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Mefapex.Api.Files;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>The text of a whole file, with where its blocks lie in it.</summary>
/// <param name="Text">The blocks' texts, blank lines between them.</param>
/// <param name="Pages">Null where the format has no pages.</param>
/// <param name="EmptyPages">Pages without text, from 1.</param>
internal sealed record ExtractedText(string Text, IReadOnlyList<PlacedBlock> Blocks, int? Pages, int[] EmptyPages)
{
    /// <summary>Name of the stored text: UTF-16, little endian, so that a span is found by its offset.</summary>
    private const string TextPart = "text";
    private const string BlocksPart = "blocks";

    public async Task SaveAsync(FileStore files, string key, CancellationToken cancellationToken)
    {
        await files.SaveDerivedAsync(key, TextPart, Encoding.Unicode.GetBytes(Text), cancellationToken);
        var outline = new Outline(Blocks, Pages, EmptyPages);
        await files.SaveDerivedAsync(key, BlocksPart, JsonSerializer.SerializeToUtf8Bytes(outline), cancellationToken);
    }

    public static async Task<ExtractedText> LoadAsync(FileStore files, string key, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllBytesAsync(files.PathOf(key, TextPart), cancellationToken);
        await using var blocks = files.Open(key, BlocksPart);
        var outline = await JsonSerializer.DeserializeAsync<Outline>(blocks, cancellationToken: cancellationToken)
            ?? throw new InvalidDataException($"The outline of {key} is empty.");
        return new ExtractedText(Encoding.Unicode.GetString(text), outline.Blocks, outline.Pages, outline.EmptyPages);
    }

    /// <summary>A part of a stored text, cut to what there is.</summary>
    /// <returns>Null when the text is not there (yet); its whole length beside the part.</returns>
    public static async Task<(string Part, int Start, int Length)?> SpanAsync(
        FileStore files,
        string key,
        int start,
        int end,
        CancellationToken cancellationToken)
    {
        if (!files.Exists(key, TextPart))
            return null;
        await using var file = files.Open(key, TextPart);
        var length = (int)(file.Length / sizeof(char));
        start = Math.Clamp(start, 0, length);
        var part = new byte[(Math.Clamp(end, start, length) - start) * sizeof(char)];
        file.Seek((long)start * sizeof(char), SeekOrigin.Begin);
        await file.ReadExactlyAsync(part, cancellationToken);
        return (MemoryMarshal.Cast<byte, char>(part).ToString(), start, length);
    }

    private sealed record Outline(IReadOnlyList<PlacedBlock> Blocks, int? Pages, int[] EmptyPages);
}

/// <summary>Where a block lies in the text.</summary>
/// <param name="Offset">Index of its first character.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PlacedBlock(BlockKind Kind, int Level, int? Page, int Offset, int Length);
