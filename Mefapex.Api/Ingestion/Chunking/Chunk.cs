namespace Mefapex.Api.Ingestion.Chunking;

/// <summary>A part of an extracted text that can be found and cited: <c>text.Substring(Offset, Length)</c>.</summary>
/// <param name="Page">Of its first character; a chunk never runs over the end of a page.</param>
/// <param name="Heading">The headings above it, outermost first, joined by <c> › </c>.</param>
internal readonly record struct Chunk(int Offset, int Length, int? Page, string? Heading);
