using Mefapex.Api.Knowledge.Search;

namespace Mefapex.Tests.Api.Knowledge.Search;

public sealed class SynonymIndexTests
{
    private static readonly string[][] Groups =
    [
        ["şifre", "parola", "password"],
        ["yıllık izin", "senelik izin", "annual leave"],
        ["İK", "insan kaynakları", "HR"],
        ["çalışma belgesi", "işveren yazısı"],
    ];

    private readonly SynonymIndex _index = new(Groups);

    [Theory]
    [InlineData("Şifremi unuttum", "tr", 0, 0, 1)]
    [InlineData("PAROLAMI YENİLE", "tr", 0, 0, 1)]
    [InlineData("bu sene senelik iznim kaldı mı", "tr", 1, 2, 2)]
    [InlineData("how is annual leave earned", "en", 1, 2, 2)]
    [InlineData("ik bankosu", "tr", 2, 0, 1)]
    [InlineData("calisma belgesi", "tr", 3, 0, 2)]
    [InlineData("ÇALIŞMA BELGEMİ İSTİYORUM", "tr", 3, 0, 2)]
    public void Terms_with_Turkish_letters_are_found_whatever_their_case_endings_and_diacritics(
        string text, string language, int group, int start, int length) =>
        _index.Find(Term.Of(text, language))
            .ShouldContain(new SynonymSpan(group, start, length));

    [Fact]
    public void The_own_terms_of_a_tenant_weigh_more_than_the_everyday_vocabulary() =>
        _index.StrengthOf(0).ShouldBeGreaterThan(_index.StrengthOf(Groups.Length));

    [Fact]
    public void The_terms_of_a_group_come_in_every_language_of_it() =>
        _index.TermsOf([new SynonymSpan(0, 0, 1)]).Select(t => t.Folded).Distinct().ShouldBe(["sifre", "parola", "password"], ignoreOrder: true);
}
