using Mefapex.Inference.Text;
using Mefapex.Inference.Training;

namespace Mefapex.Tests.Inference.Training;

public sealed class CorpusTests
{
    private const int FewestWordsOfANearCopy = 4;

    [Fact]
    public void It_holds_1500_clusters_and_12000_sentences()
    {
        var corpus = Corpus.Read();

        corpus.Clusters.Count.ShouldBeGreaterThanOrEqualTo(1500);
        corpus.SentenceCount.ShouldBeGreaterThanOrEqualTo(12_000);
        corpus.Terms.Count.ShouldBeGreaterThanOrEqualTo(1500);
    }

    [Fact]
    public void Every_cluster_has_both_languages_and_every_way_of_wording()
    {
        string[] needed = ["tr", "tr-colloquial", "tr-indirect", "tr-typo", "tr-ascii", "en", "en-colloquial", "en-indirect"];

        foreach (var cluster in Corpus.Read().Clusters)
            needed.Except(cluster.Sentences.Select(sentence => sentence.Style)).ShouldBeEmpty(cluster.Id);
    }

    [Fact]
    public void There_are_500_learnt_meanings_to_test_and_others_that_were_not_learnt()
    {
        var learnt = Corpus.Read().Clusters.Select(cluster => cluster.Id).ToHashSet();

        var tested = Corpus.ReadPairs().ToLookup(pair => pair.Set, pair => pair.Meaning);

        tested["pairs"].Distinct().Count().ShouldBeGreaterThanOrEqualTo(500);
        tested["pairs"].Except(learnt).ShouldBeEmpty();
        tested["new-meanings"].Distinct().Count().ShouldBeGreaterThanOrEqualTo(50);
        tested["new-meanings"].Intersect(learnt).ShouldBeEmpty();
    }

    [Fact]
    public void No_test_sentence_is_a_learnt_one_nor_differs_from_one_in_a_single_word()
    {
        var learnt = Corpus.Read().Clusters.SelectMany(cluster => cluster.Sentences).Select(sentence => Words(sentence.Text)).ToArray();
        var whole = learnt.Select(words => string.Join(' ', words)).ToHashSet();
        var gapped = learnt.SelectMany(Gapped).ToHashSet();

        foreach (var sentence in Corpus.ReadPairs().SelectMany(pair => (string[])[pair.Query, pair.Match]))
        {
            var words = Words(sentence);
            whole.ShouldNotContain(string.Join(' ', words), sentence);
            Gapped(words).FirstOrDefault(gapped.Contains).ShouldBeNull(sentence);
        }
    }

    /// <summary>The sentence once for each word, with a gap in its place; none for a short sentence.</summary>
    private static IEnumerable<string> Gapped(string[] words) => words.Length < FewestWordsOfANearCopy
        ? []
        : words.Select((_, gap) => string.Join(' ', words.Select((word, index) => index == gap ? "*" : word)));

    private static string[] Words(string text) => FoldedText.Of(text).Key.Split(' ');
}
