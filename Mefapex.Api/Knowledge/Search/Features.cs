namespace Mefapex.Api.Knowledge.Search;

/// <summary>How well an entry fits a question, one figure a stage, most of them 0 to 1; calibration weighs them.</summary>
internal sealed record Features
{
    /// <summary>Best agreement with one title or question, both ways, words weighed by rarity.</summary>
    public required double Phrase { get; init; }

    /// <summary>Share of the question's weight found in titles, questions and labels.</summary>
    public required double Topic { get; init; }

    /// <summary><see cref="Topic"/> with the rarest words counting most.</summary>
    public required double Telling { get; init; }

    /// <summary>Share of the question's weight found anywhere in the entry.</summary>
    public required double Anywhere { get; init; }

    /// <summary>Best cosine of character sequences with one title or question.</summary>
    public required double Grams { get; init; }

    /// <summary>How far <see cref="Phrase"/> is ahead of the best of the other candidates; negative behind it.</summary>
    public required double PhraseLead { get; init; }

    /// <summary>The same of <see cref="Grams"/>.</summary>
    public required double GramsLead { get; init; }

    /// <summary>Best trigram similarity with one title or question, by PostgreSQL; 0 where it does not look for them, see
    /// <see cref="KnowledgeSnapshot.HasManyPhrases"/>.</summary>
    public required double Trigram { get; init; }

    /// <summary>Full-text rank in the original form, by PostgreSQL, over the best one of the question.</summary>
    public required double FullText { get; init; }

    /// <summary>Weight of the folded words and synonyms that full text finds, by PostgreSQL, over that of the entry with most.</summary>
    public required double Keywords { get; init; }

    /// <summary>The synonyms' part of <see cref="Keywords"/>, over that of the entry with most.</summary>
    public required double Synonyms { get; init; }

    /// <summary>Best cosine of the vectors of question and title or question; 0 without vectors.</summary>
    public required double Vector { get; init; }

    /// <summary>Mean cosine of the three nearest titles and questions; 0 without vectors.</summary>
    public required double Neighbours { get; init; }

    /// <summary>How far <see cref="Vector"/> is ahead of the best of the other candidates; 0 without vectors.</summary>
    public required double VectorLead { get; init; }

    /// <summary>Best cosine of the vectors of question and answer; 0 without vectors.</summary>
    public required double AnswerVector { get; init; }
}
