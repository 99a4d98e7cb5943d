using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class SubwordFeaturesTests
{
    private static readonly SubwordSettings Settings = new(
        StableHash.Name, SubwordFeatures.Folding, 1_000_003, 3, 5, WordWeight: 1, GramWeight: 2, GramDecay: 0.5, FunctionWordWeight: 0.1);

    [Fact]
    public void A_word_gives_itself_and_its_n_grams_between_boundary_marks()
    {
        string[] expected = ["<pc>", "<pc", "pc>"];

        var (ids, weights) = new SubwordFeatures(Settings).Of("PC");

        ids.ShouldBe(expected.Select(Row).Order());
        var norm = Math.Sqrt(1 + 0.25);
        weights[Array.IndexOf(ids, Row("<pc>"))].ShouldBe((float)(1), 1e-6f);
        weights[Array.IndexOf(ids, Row("<pc"))].ShouldBe((float)(2 / norm), 1e-6f);
        weights[Array.IndexOf(ids, Row("pc>"))].ShouldBe((float)(1 / norm), 1e-6f);
    }

    [Fact]
    public void A_repeated_word_counts_sublinearly()
    {
        var (ids, weights) = new SubwordFeatures(Settings).Of("vpn VPN Vpn");

        weights[Array.IndexOf(ids, Row("<vpn>"))].ShouldBe((float)(1 + Math.Log(3)), 1e-6f);
    }

    [Fact]
    public void A_function_word_weighs_less()
    {
        var (ids, weights) = new SubwordFeatures(Settings).Of("nasıl");

        weights[Array.IndexOf(ids, Row("<nasil>"))].ShouldBe((float)(0.1), 1e-6f);
    }

    [Fact]
    public void Case_diacritics_punctuation_and_apostrophe_suffixes_make_no_difference()
    {
        var features = new SubwordFeatures(Settings);

        features.Of("PORTALIN ŞİFRESİ, portal'dan!").Ids.ShouldContain(Row("<portal>"));
        features.Of("Çalışma izni").Ids.ShouldBe(features.Of("calisma IZNI?").Ids);
    }

    [Fact]
    public void A_text_of_signs_alone_has_features_and_one_of_white_space_has_none()
    {
        var features = new SubwordFeatures(Settings);

        features.Of("👍").Ids.ShouldNotBeEmpty();
        features.Of(" \t\0\u200B").Ids.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab ")]
    [InlineData("\uD83D\uDE00")]
    public void Ten_million_characters_give_a_bounded_number_of_features(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 10_000_000 / part.Length));

        var (ids, weights) = new SubwordFeatures(Settings).Of(text);

        ids.Length.ShouldBeInRange(1, 3 * (SubwordFeatures.MaxWordLength + 2));
        ids.ShouldBe(ids.Distinct().Order());
        weights.ShouldAllBe(weight => float.IsFinite(weight) && weight > 0);
    }

    [Fact]
    public void Settings_that_this_version_cannot_follow_are_refused() =>
        Should.Throw<ModelException>(() => new SubwordFeatures(Settings with { Hash = "md5" }))
            .Fault.ShouldBe(ModelFault.Unsuitable);

    private static long Row(string feature) => (long)(StableHash.Of(feature) % 1_000_003);
}
