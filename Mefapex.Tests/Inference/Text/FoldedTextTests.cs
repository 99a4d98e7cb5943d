using Mefapex.Inference.Text;

namespace Mefapex.Tests.Inference.Text;

public sealed class FoldedTextTests
{
    [Theory]
    [InlineData("Yıllık izin nasıl alınır?", "yillik|izin|nasil|alinir")]
    [InlineData("C# ve C++, F# mi? .NET, ASP.NET!", "c#|ve|c++|f#|mi|.net|asp|.net")]
    [InlineData("Laptop. Açılmıyor", "laptop|acilmiyor")]
    [InlineData("merhaba.izin istiyorum", "merhaba|izin|istiyorum")]
    [InlineData("VPN … -- acil", "vpn|acil")]
    [InlineData("A && B", "a|b")]
    [InlineData("08.30–17.30 arası, 7/24, 1.250,50 TL, 2026-01-01.", "08.30|17.30|arasi|7/24|1.250,50|tl|2026-01-01")]
    [InlineData("koordinator@mefapex.example; a.b-c@x.co", "koordinator@mefapex.example|a.b-c@x.co")]
    [InlineData("@ali ve x@y", "ali|ve|x|y")]
    [InlineData("covid-19 3D VPN_config #izin", "covid|19|3d|vpn|config|izin")]
    [InlineData("👩‍💻 €5 東京", "5|東京")]
    [InlineData("don't we'll", "don't|we'll")]
    [InlineData("'izin' nedir", "izin|nedir")]
    [InlineData("?!… 👍", "")]
    public void Finds_words_numbers_and_addresses(string text, string tokens) =>
        Tokens(text).ShouldBe(tokens);

    [Theory]
    [InlineData("Portal'ın", "portal", "in")]
    [InlineData("Portal’dan", "portal", "dan")]
    [InlineData("1240'ı", "1240", "i")]
    [InlineData("08.30'da", "08.30", "da")]
    [InlineData("Ali's", "ali", "s")]
    [InlineData("C#'ta", "c#", "ta")]
    [InlineData("don't", "don't", "")]
    [InlineData("izin", "izin", "")]
    public void Sets_the_apostrophe_suffix_apart(string text, string stem, string suffix)
    {
        var folded = FoldedText.Of(text);
        var token = folded.Tokens.ShouldHaveSingleItem();

        folded.StemOf(token).ToString().ShouldBe(stem);
        folded.SuffixOf(token).ToString().ShouldBe(suffix);
        token.HasSuffix.ShouldBe(suffix.Length > 0);
    }

    [Fact]
    public void Keeps_original_lower_and_folded_form_side_by_side()
    {
        var folded = FoldedText.Of("ÇALIŞMA Saati");

        folded.Original.ShouldBe("ÇALIŞMA Saati");
        folded.Lower.ShouldBe("çalışma saati");
        folded.Folded.ShouldBe("calisma saati");
        folded.LowerOf(folded.Tokens[0]).ToString().ShouldBe("çalışma");
        folded.FoldedOf(folded.Tokens[0]).ToString().ShouldBe("calisma");
    }

    [Fact]
    public void Key_is_equal_for_texts_that_differ_in_case_diacritics_spacing_and_punctuation()
    {
        FoldedText.Of("Yıllık izin  nasıl alınır?").Key.ShouldBe("yillik izin nasil alinir");
        FoldedText.Of("YILLIK IZIN NASIL ALINIR").Key.ShouldBe("yillik izin nasil alinir");
        FoldedText.Of("C# nedir").Key.ShouldBe("c# nedir");
    }

    [Fact]
    public void Prefix5_truncates_words_but_not_numbers()
    {
        var folded = FoldedText.Of("çalışanların izni 2026-01-01");

        string.Join('|', folded.Tokens.Select(token => folded.Prefix5Of(token).ToString()))
            .ShouldBe("calis|izni|2026-01-01");
    }

    private static string Tokens(string text)
    {
        var folded = FoldedText.Of(text);
        return string.Join('|', folded.Tokens.Select(token => folded.FoldedOf(token).ToString()));
    }
}
