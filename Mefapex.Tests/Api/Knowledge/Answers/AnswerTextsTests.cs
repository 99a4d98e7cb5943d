using Mefapex.Api.Knowledge.Answers;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class AnswerTextsTests
{
    [Fact]
    public void Every_kind_of_small_talk_has_a_reply()
    {
        foreach (var word in (string[])["merhaba", "nasılsın", "teşekkürler", "görüşürüz", "kimsin", "ne yapabilirsin"])
        {
            var kind = new Smalltalk().Match(word)!.Kind;
            foreach (var language in (string[])["tr", "en"])
                new AnswerTexts(language).Smalltalk(kind, "T", "C", "X").ShouldNotContain("{");
        }
    }
}
