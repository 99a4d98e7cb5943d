using System.Runtime.InteropServices;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>A chunk of a document that may answer.</summary>
/// <param name="Version">Of the document.</param>
/// <param name="Position">Of the chunk in it, from 0.</param>
/// <param name="Page">From 1; null where the format has no pages.</param>
/// <param name="Heading">The headings above it, outermost first, joined by <c> › </c>.</param>
/// <param name="Offset">Index of its first character in the version's text, UTF-16.</param>
/// <param name="Language">ISO 639-1.</param>
/// <param name="Fused">Score of the reciprocal rank fusion.</param>
internal sealed record Passage(
    Guid DocumentId,
    int Version,
    int Position,
    string Title,
    string Category,
    string Owner,
    int? Page,
    string? Heading,
    int Offset,
    string Text,
    string Language,
    double Fused,
    PassageCover Cover,
    PassageFeatures Features)
{
    public static Passage Of(ChunkHit hit, PassageCover cover) =>
        new(
            hit.DocumentId,
            hit.Version,
            hit.Position,
            hit.Title,
            hit.Category,
            hit.Owner,
            hit.Page,
            hit.Heading,
            hit.Offset,
            hit.Text,
            hit.Language,
            hit.Fused,
            cover,
            new PassageFeatures
            {
                Coverage = cover.Share,
                Telling = cover.TellingShare,
                FullText = hit.FullText,
                Keywords = hit.Keywords,
                Vector = hit.Cosine,
            });
}

/// <summary>What of a question a passage stands for: shares of the question's weight, 0 to 1.</summary>
/// <param name="Share">Of title, heading and text.</param>
/// <param name="TellingShare">The same with the rarest words counting most.</param>
/// <param name="Missing">How little of the question's most missing telling word is there, 0 to 1.</param>
/// <param name="Sentences">In order.</param>
internal sealed record PassageCover(double Share, double TellingShare, double Missing, SentenceCover[] Sentences);

/// <param name="Place">In the passage's text.</param>
/// <param name="Share">Of the sentence.</param>
/// <param name="ShareWithAbove">Of the sentence with title and heading.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SentenceCover(Sentence Place, double Share, double ShareWithAbove);

/// <summary>How well a chunk fits a question, one figure a stage, 0 to 1.</summary>
internal sealed record PassageFeatures
{
    /// <summary>Share of the question's weight found in title, heading and text.</summary>
    public required double Coverage { get; init; }

    /// <summary><see cref="Coverage"/> with the rarest words counting most.</summary>
    public required double Telling { get; init; }

    /// <summary>Full-text rank in the original form, by PostgreSQL, over the best one of the question.</summary>
    public required double FullText { get; init; }

    /// <summary>Weight of the folded words and synonyms that full text finds, by PostgreSQL, over that of the chunk with most.</summary>
    public required double Keywords { get; init; }

    /// <summary>Cosine of the vectors of question and chunk; 0 without vectors.</summary>
    public required double Vector { get; init; }
}
