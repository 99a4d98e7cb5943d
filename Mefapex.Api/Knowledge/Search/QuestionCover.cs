namespace Mefapex.Api.Knowledge.Search;

/// <summary>How much of a question the words of texts stand for. What each word stands for is found once.</summary>
internal sealed class QuestionCover(Question question, SynonymIndex synonyms)
{
    private readonly Dictionary<Term, Word> _words = [];

    public PassageCover Of(PassageWords passage)
    {
        var above = Of(passage.Above);
        var all = (double[])above.Clone();
        var sentences = new SentenceCover[passage.Sentences.Length];
        for (var i = 0; i < sentences.Length; i++)
        {
            var own = Of(passage.Sentences[i].Words);
            Join(all, own);
            sentences[i] = new SentenceCover(passage.Sentences[i].Place, Share(own), Share(own, above));
        }

        return new PassageCover(Share(all), TellingShare(all), Missing(all), sentences);
    }

    /// <summary>For each word of the question how well a word of the text stands for it, 0 to 1.</summary>
    private double[] Of(Term[] text)
    {
        var cover = new double[question.Terms.Length];
        for (var start = 0; start < text.Length; start++)
        {
            if (!_words.TryGetValue(text[start], out var word))
                _words[text[start]] = word = WordOf(text[start]);
            if (word.Likeness is not null)
                Join(cover, word.Likeness);
            foreach (var synonym in word.Synonyms)
            {
                if (synonym.StandsAt(text, start))
                    Cover(cover, synonym.Group);
            }
        }

        return cover;
    }

    /// <summary>The share of the question's weight, 0 to 1, that one of the covers stands for.</summary>
    private double Share(params ReadOnlySpan<double[]> covers)
    {
        double found = 0, all = 0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            var best = 0.0;
            foreach (var cover in covers)
                best = Math.Max(best, cover[i]);
            found += question.Weights[i].Rarity * best;
            all += question.Weights[i].Rarity;
        }

        return all > 0 ? found / all : 0;
    }

    /// <summary>The same with the rarest words counting most.</summary>
    private double TellingShare(double[] cover)
    {
        double found = 0, all = 0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            found += question.Weights[i].Telling * cover[i];
            all += question.Weights[i].Telling;
        }

        return all > 0 ? found / all : 0;
    }

    /// <summary>How little of the question's most missing telling word is covered, 0 to 1.</summary>
    private double Missing(double[] cover)
    {
        var missing = 0.0;
        for (var i = 0; i < question.Terms.Length; i++)
        {
            if (!question.Terms[i].IsStopWord && !question.Terms[i].IsQuestionWord)
                missing = Math.Max(missing, 1 - cover[i]);
        }

        return missing;
    }

    private static void Join(double[] cover, double[] other)
    {
        for (var i = 0; i < cover.Length; i++)
            cover[i] = Math.Max(cover[i], other[i]);
    }

    private void Cover(double[] cover, int group)
    {
        foreach (var span in question.Spans)
        {
            for (var i = span.Start; span.Group == group && i < span.Start + span.Length; i++)
                cover[i] = Math.Max(cover[i], synonyms.StrengthOf(group));
        }
    }

    private Word WordOf(Term term)
    {
        var likeness = Array.ConvertAll(question.Terms, asked => asked.Match(term));
        return new Word(
            Array.Exists(likeness, l => l > 0) ? likeness : null,
            question.Groups.Count == 0 ? [] : [.. synonyms.BeginningWith(term).Where(s => question.Groups.Contains(s.Group))]);
    }

    /// <param name="Likeness">How well a word stands for each of the question's; null where it does for none.</param>
    /// <param name="Synonyms">Terms of the question's groups that begin with it.</param>
    private sealed record Word(double[]? Likeness, SynonymTerm[] Synonyms);
}
