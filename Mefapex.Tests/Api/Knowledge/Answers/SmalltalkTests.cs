using Mefapex.Api.Knowledge.Answers;
using Mefapex.Contracts.Chat;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class SmalltalkTests(KnowledgeFixture fixture) : IClassFixture<KnowledgeFixture>
{
    private readonly Smalltalk _smalltalk = new();

    [Theory]
    [InlineData("Merhaba", "Greeting", "tr")]
    [InlineData("MERHABAAA!!", "Greeting", "tr")]
    [InlineData("gunaydin", "Greeting", "tr")]
    [InlineData("Merhaba, nasılsın?", "HowAreYou", "tr")]
    [InlineData("teşekkürlr", "Thanks", "tr")]
    [InlineData("Tamam, çok sağ ol", "Thanks", "tr")]
    [InlineData("Sen kimsin?", "Identity", "tr")]
    [InlineData("neler yapabilirsin", "Abilities", "tr")]
    [InlineData("good morning", "Greeting", "en")]
    [InlineData("Thank you so much!", "Thanks", "en")]
    [InlineData("Who are you?", "Identity", "en")]
    [InlineData("görüşürüz", "Farewell", "tr")]
    public void Small_talk_is_recognised(string text, string kind, string language)
    {
        var match = _smalltalk.Match(text).ShouldNotBeNull();

        (match.Kind, match.Language).ShouldBe((kind, language));
        match.Similarity.ShouldBeInRange(0.7, 1);
    }

    [Theory]
    [InlineData("Merhaba, yıllık izin nasıl alınır?")]
    [InlineData("teşekkür belgesi nasıl alınır")]
    [InlineData("yardım masası numarası")]
    [InlineData("çok kötüyüm yardım edin")]
    [InlineData("izin")]
    [InlineData("")]
    public void A_question_is_not_small_talk(string text) => _smalltalk.Match(text).ShouldBeNull();

    [Fact]
    public void A_typing_slip_is_less_similar_than_the_word_itself() =>
        _smalltalk.Match("merhba")!.Similarity.ShouldBeLessThan(_smalltalk.Match("merhaba")!.Similarity);

    [Fact]
    public async Task Small_talk_is_answered_in_its_language_without_a_search()
    {
        var turkish = await KnowledgeFixture.AskAsync(fixture.Lexical, "fabrika", "Sen kimsin?");
        var english = await KnowledgeFixture.AskAsync(fixture.Lexical, "klinik", "who are you");

        turkish.Decision.ShouldBe(Decision.Smalltalk);
        turkish.Source.ShouldBe("smalltalk");
        turkish.Sources.ShouldBeEmpty();
        turkish.Confidence.ShouldBe(1);
        turkish.Response.ShouldContain("Mefapex Fabrika");
        turkish.Response.ShouldContain("1240");
        turkish.Why.Candidates.ShouldBeEmpty();
        english.Language.ShouldBe("en");
        english.Response.ShouldContain("Mefapex Klinik");
        english.Response.ShouldContain("2200");
    }
}
