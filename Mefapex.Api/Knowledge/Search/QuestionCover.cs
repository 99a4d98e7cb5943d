using System.Collections.Frozen;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Inference.Text;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>How much of a question the words of a text stand for.</summary>
internal sealed class QuestionCover(Question question, KnowledgeSnapshot snapshot)
{
    /// <summary>For each word of the question how well a word of the text stands for it, 0 to 1.</summary>
    public double[] Of(string text, string language)
    {
        var terms = Term.Of(FoldedText.Of(text, language), language);
        var groups = snapshot.Synonyms.Find(terms).Select(s => s.Group).ToFrozenSet();
        var cover = new double[question.Terms.Length];
        for (var i = 0; i < cover.Length; i++)
        {
            foreach (var term in terms)
                cover[i] = Math.Max(cover[i], question.Terms[i].Match(term));
            foreach (var span in question.Spans)
            {
                if (i >= span.Start && i < span.Start + span.Length && groups.Contains(span.Group))
                    cover[i] = Math.Max(cover[i], snapshot.Synonyms.StrengthOf(span.Group));
            }
        }

        return cover;
    }

    /// <summary>The share of the question's weight, 0 to 1, that one of the covers stands for.</summary>
    public double Share(params ReadOnlySpan<double[]> covers)
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
}
