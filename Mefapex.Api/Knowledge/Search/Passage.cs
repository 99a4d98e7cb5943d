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
    PassageFeatures Features)
{
    /// <param name="terms">The words of title, heading and text in order.</param>
    public static Passage Of(ChunkHit hit, Term[] terms, Comparison comparison)
    {
        var (coverage, telling) = comparison.Coverage(terms);
        return new Passage(
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
            new PassageFeatures
            {
                Coverage = coverage,
                Telling = telling,
                FullText = hit.FullText,
                Keywords = hit.Keywords,
                Vector = hit.Cosine,
            });
    }
}

/// <summary>How well a chunk fits a question, one figure a stage, 0 to 1.</summary>
internal sealed record PassageFeatures
{
    /// <summary>Share of the question's weight found in title, heading and text.</summary>
    public required double Coverage { get; init; }

    /// <summary><see cref="Coverage"/> with the rarest words counting most.</summary>
    public required double Telling { get; init; }

    /// <summary>Full-text rank in the original form, by PostgreSQL, over the best one of the question.</summary>
    public required double FullText { get; init; }

    /// <summary>Weight of the folded words and synonyms that full text finds, over the best one of the question.</summary>
    public required double Keywords { get; init; }

    /// <summary>Cosine of the vectors of question and chunk; 0 without vectors.</summary>
    public required double Vector { get; init; }
}
