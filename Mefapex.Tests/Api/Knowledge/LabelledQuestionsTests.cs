using System.Text.Json.Nodes;
using Mefapex.Api.Knowledge;
using Mefapex.Inference.Text;
using Mefapex.Tests.Inference.Training;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge;

public sealed class LabelledQuestionsTests
{
    private static readonly HashSet<string> Kinds =
    [
        "paraphrase", "colloquial", "typo", "no-diacritics", "capitals", "indirect", "english", "mixed", "neighbour", "warning",
        "offtopic", "unknown", "other-tenant", "gibberish",
    ];

    [Fact]
    public void There_are_enough_of_known_kinds_about_entries_that_exist()
    {
        (LabelledQuestion.Fit.Count + LabelledQuestion.Test.Count).ShouldBeGreaterThanOrEqualTo(600);
        var ids = ((string[])["fabrika", "klinik"]).ToDictionary(t => t, t => SampleKnowledge.Ids(t).ToHashSet());
        foreach (var question in LabelledQuestion.Fit.Concat(LabelledQuestion.Test))
        {
            Kinds.ShouldContain(question.Kind, question.Text);
            question.Expected.ShouldBeSubsetOf(ids[question.Tenant], question.Text);
        }
    }

    [Fact]
    public void No_question_is_asked_twice_nor_in_both_halves()
    {
        var all = LabelledQuestion.Fit.Concat(LabelledQuestion.Test).Select(q => $"{q.Tenant} {Key(q.Text)}").ToList();

        all.GroupBy(q => q, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ShouldBeEmpty();
    }

    [Fact]
    public void No_question_is_among_the_sentences_that_the_encoder_learnt()
    {
        var learnt = Corpus.Read().Clusters.SelectMany(c => c.Sentences).Select(s => Key(s.Text)).ToHashSet(StringComparer.Ordinal);

        LabelledQuestion.Fit.Concat(LabelledQuestion.Test).Where(q => learnt.Contains(Key(q.Text))).Select(q => q.Text).ShouldBeEmpty();
    }

    [Fact]
    public void No_question_is_a_wording_of_its_tenants_knowledge()
    {
        foreach (var tenant in (string[])["fabrika", "klinik"])
        {
            var known = Wordings(tenant).Select(Key).ToHashSet(StringComparer.Ordinal);
            known.Count.ShouldBeGreaterThan(1000);
            LabelledQuestion.Fit.Concat(LabelledQuestion.Test)
                .Where(q => q.Tenant == tenant && known.Contains(Key(q.Text))).Select(q => q.Text).ShouldBeEmpty();
        }
    }

    private static IEnumerable<string> Wordings(string tenant)
    {
        var entries = JsonNode.Parse(File.ReadAllText(
            Path.Combine(RepositoryRoot.Path, "Mefapex.Api", "Knowledge", "Samples", $"{tenant}.json")))!["entries"]!.AsArray();
        return entries.SelectMany(e => ((JsonNode?[])[e, e!["en"]]).OfType<JsonNode>())
            .SelectMany(text => text["questions"]!.AsArray().Append(text["title"]).Select(q => (string)q!))
            .Concat(SampleVariants.Of(tenant).Values.SelectMany(v => v).Select(v => v.Text));
    }

    private static string Key(string text) => FoldedText.Of(text).Key;
}
