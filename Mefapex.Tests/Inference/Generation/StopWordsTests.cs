using System.Text;
using Mefapex.Inference.Generation;

namespace Mefapex.Tests.Inference.Generation;

public sealed class StopWordsTests
{
    [Fact]
    public void However_a_text_is_split_it_ends_before_the_first_stop_word()
    {
        string[] words = ["dur", "###", "aab"];
        var random = new Random(3);
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => "abdur#"[random.Next(6)]));
            var first = words.Select(word => text.IndexOf(word, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
            var stops = new StopWords(words);
            var said = new StringBuilder();
            for (var at = 0; at < text.Length && !stops.Found;)
            {
                var length = Math.Min(random.Next(1, 4), text.Length - at);
                said.Append(stops.Add(text.Substring(at, length)));
                text.ShouldStartWith(said.ToString());
                at += length;
            }

            said.Append(stops.Rest());
            said.ToString().ShouldBe(text[..first], text);
            stops.Found.ShouldBe(first < text.Length, text);
        }
    }

    [Fact]
    public void Only_what_may_begin_a_stop_word_is_held_back()
    {
        var stops = new StopWords(["</s>"]);

        stops.Add("a<").ShouldBe("a");
        stops.Add("/").ShouldBe("");
        stops.Add("b").ShouldBe("</b");
        stops.Rest().ShouldBe("");
    }

    [Fact]
    public void Without_stop_words_everything_passes()
    {
        var stops = new StopWords([""]);

        stops.Add("abc").ShouldBe("abc");
        stops.Rest().ShouldBe("");
        stops.Found.ShouldBeFalse();
    }
}
