using System.Text;
using Mefapex.Inference.Text;

namespace Mefapex.Tests.Inference.Text;

public sealed class TurkishFoldingTests
{
    [Theory]
    [InlineData("çalışma", "calisma")]
    [InlineData("ÇALIŞMA", "calisma")]
    [InlineData("para", "para")]
    [InlineData("hastane", "hastane")]
    [InlineData("İZİN", "izin")]
    [InlineData("I\u0307ZI\u0307N", "izin")]
    [InlineData("i\u0307zi\u0307n", "izin")]
    [InlineData("IİıiI\u0307", "iiiii")]
    [InlineData("Âdem'in kârı, îmâ ve ümit", "adem'in kari, ima ve umit")]
    [InlineData("gu\u0308ven", "guven")]
    [InlineData("ｆｕｌｌ ﬁş", "full fis")]
    [InlineData("Straße", "strasse")]
    [InlineData("ça\u00ADlış\u200Bma", "calisma")]
    [InlineData("", "")]
    public void Folds_to_the_diacritic_free_form(string text, string folded) =>
        TurkishFolding.Fold(text).ShouldBe(folded);

    [Fact]
    public void Lower_case_form_keeps_dotted_and_dotless_i_apart_by_language()
    {
        TurkishFolding.Lower("ISI İLİ").ShouldBe("ısı ili");
        TurkishFolding.Lower("ISI İLİ", "en").ShouldBe("isi ili");
        TurkishFolding.Lower("I\u0307zin").ShouldBe("izin");
    }

    [Fact]
    public void Letters_of_other_scripts_keep_their_marks() =>
        TurkishFolding.Fold("Йод ά が").ShouldBe("йод ά が");

    [Fact]
    public void Control_characters_become_spaces_and_lone_surrogates_the_replacement_character()
    {
        TurkishFolding.Fold("a\0b\tc").ShouldBe("a b c");
        TurkishFolding.Fold("a\uD800b\uDC00c\uFFFF").ShouldBe("a\uFFFDb\uFFFDc\uFFFD");
    }

    [Fact]
    public void Folding_twice_changes_nothing_and_growth_is_bounded_for_any_text()
    {
        var random = new Random(20260101);
        for (var round = 0; round < 10_000; round++)
        {
            var text = OddText(random);
            if (!HoldsTogether(text, FoldedText.Of(text)))
                Assert.Fail($"round {round}: {Codes(text)}");
        }
    }

    [Fact]
    public void Every_code_point_folds_to_a_fixed_point()
    {
        for (var code = 0; code <= 0x10FFFF; code++)
        {
            if (!Rune.IsValid(code))
                continue;
            var folded = TurkishFolding.Fold(new Rune(code).ToString());
            if (!string.Equals(TurkishFolding.Fold(folded), folded, StringComparison.Ordinal))
                Assert.Fail($"U+{code:X4}");
        }
    }

    [Theory]
    [InlineData("çalışma izni ")]
    [InlineData("\u0301\u0323")]
    [InlineData("a.")]
    [InlineData("a")]
    public void Ten_million_characters_allocate_a_small_multiple_of_their_size(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 10_000_000 / part.Length));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var folded = FoldedText.Of(text);
        var tokens = 0;
        foreach (var _ in folded.EnumerateTokens())
            tokens++;

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10L * text.Length);
        tokens.ShouldBeLessThanOrEqualTo(text.Length);
    }

    private static bool HoldsTogether(string text, FoldedText folded)
    {
        var end = 0;
        foreach (var token in folded.Tokens)
        {
            if (token.Start < end || token.StemLength < 1 || token.StemLength > token.Length)
                return false;
            end = token.Start + token.Length;
        }

        return end <= folded.Folded.Length &&
            TurkishFolding.Fold(folded.Folded) == folded.Folded &&
            TurkishFolding.Lower(folded.Lower) == folded.Lower &&
            folded.Lower.Length == folded.Folded.Length &&
            folded.Folded.Length <= text.Length * TurkishFolding.MaxGrowth &&
            !folded.Folded.Contains('\u0307', StringComparison.Ordinal);
    }

    private static string OddText(Random random)
    {
        var text = new char[random.Next(0, 14)];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = random.Next(5) switch
            {
                0 => (char)random.Next(0x10000),
                1 => (char)random.Next(0x300, 0x370),
                2 => "Iİıi'’\u0307ßſŉ"[random.Next(10)],
                3 => "@.+#:/-0 "[random.Next(9)],
                _ => (char)random.Next(0x250),
            };
        }

        return new string(text);
    }

    private static string Codes(string text) => string.Join(' ', text.Select(c => $"{(int)c:X4}"));
}
