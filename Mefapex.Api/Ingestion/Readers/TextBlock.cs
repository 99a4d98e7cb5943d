namespace Mefapex.Api.Ingestion.Readers;

internal enum BlockKind
{
    Heading,
    Paragraph,
    ListItem,
    Row,
}

/// <summary>A piece of a file's text, in reading order.</summary>
/// <param name="Text">Without line breaks at its ends; a row says with each value which column it is of.</param>
/// <param name="Level">Of a heading: 1 is outermost. 0 for the rest.</param>
/// <param name="Page">From 1; null where the format has no pages.</param>
internal readonly record struct TextBlock(BlockKind Kind, string Text, int Level = 0, int? Page = null);

/// <summary>Turns a file of one format into blocks of text.</summary>
internal interface ITextReader
{
    /// <summary>The format that this reader takes.</summary>
    FileFormat Format { get; }

    /// <summary>Reads the file; the blocks go to <paramref name="output"/>, which bounds them.</summary>
    /// <exception cref="UnreadableFileException">The file is broken, locked or not for reading.</exception>
    Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken);
}
