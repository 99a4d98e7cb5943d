using System.Text;
using Mefapex.Inference.Tokenizers;

namespace Mefapex.Tests.Inference.Tokenizers;

public sealed class TokenizerComponentTests
{
    [Theory]
    [InlineData("İIı ŞÇ", "iiı sc")]
    [InlineData("a\u0000b\u200Bc\uFFFD\uD800d", "abcd")]
    [InlineData("x\t\u00A0y", "x  y")]
    [InlineData("a你b", "a 你 b")]
    [InlineData("ΟΔΟΣ ΣΑΣ.", "οδος σας.")]
    [InlineData("Ünlü’nün é", "unlu’nun e")]
    public void Bert_cleans_lowers_and_strips(string text, string expected) =>
        new BertNormalizer(cleanText: true, separateIdeographs: true, stripAccents: true, lowercase: true)
            .Apply(text).ShouldBe(expected);

    [Fact]
    public void Bert_leaves_alone_what_it_is_told_to()
    {
        var normalizer = new BertNormalizer(cleanText: false, separateIdeographs: false, stripAccents: false, lowercase: false);

        normalizer.Apply("İ\t你\u0001é").ShouldBe("İ\t你\u0001é");
    }

    [Fact]
    public void Other_normalizers_do_what_their_names_say()
    {
        new UnicodeNormalizer(NormalizationForm.FormD).Apply("é").ShouldBe("e\u0301");
        new UnicodeNormalizer(NormalizationForm.FormC).Apply("e\u0301\uD800e\u0301").ShouldBe("é\uD800é");
        new UnicodeNormalizer(NormalizationForm.FormKC).Apply("ﬁ①\uFFFE").ShouldBe("fi1\uFFFE");
        new UnicodeNormalizer(NormalizationForm.FormKD).Apply("ﬁé").ShouldBe("fie\u0301");
        new LowercaseNormalizer().Apply("AΣ İ😀").ShouldBe("aς i\u0307😀");
        new StripAccentsNormalizer().Apply("e\u0301a\u20DD").ShouldBe("ea");
        new StripNormalizer(left: true, right: false).Apply(" a ").ShouldBe("a ");
        new StripNormalizer(left: true, right: true).Apply(" \n").ShouldBe("");
        new PrependNormalizer("▁").Apply("a").ShouldBe("▁a");
        new PrependNormalizer("▁").Apply("").ShouldBe("");
        new ReplaceStringNormalizer(" ", "▁").Apply("a b").ShouldBe("a▁b");
        new ReplaceRegexNormalizer(TokenPattern.CompileRegex(" {2,}"), "$1").Apply("a   b").ShouldBe("a$1b");
        new NmtNormalizer().Apply("a\u0001\u200Bb\u007F").ShouldBe("a b");
    }

    [Fact]
    public void A_long_run_of_marks_does_not_take_quadratic_time() =>
        new UnicodeNormalizer(NormalizationForm.FormKC)
            .Apply("e" + string.Concat(Enumerable.Repeat("\u0302\u0323", 200_000))).Length.ShouldBeGreaterThan(300_000);

    [Fact]
    public void A_map_of_characters_that_is_cut_short_is_refused()
    {
        Should.Throw<FormatException>(() => new CharsMapNormalizer([1, 2]));
        Should.Throw<FormatException>(() => new CharsMapNormalizer([8, 0, 0, 0, 1, 2, 3, 4]));
    }

    [Fact]
    public void Bert_splits_at_white_space_and_punctuation() =>
        Pieces(new BertSplitter(), " a,b  c。d ").ShouldBe(["a", ",", "b", "c", "。", "d"]);

    [Fact]
    public void Words_are_runs_of_word_characters() =>
        Pieces(new WordSplitter(), "çok_iyi!? a1 …").ShouldBe(["çok_iyi", "!?", "a1", "…"]);

    [Theory]
    [InlineData(SplitBehavior.Removed, new[] { "a", "b" })]
    [InlineData(SplitBehavior.Isolated, new[] { "a", "-", "-", "b", "-" })]
    [InlineData(SplitBehavior.Contiguous, new[] { "a", "--", "b", "-" })]
    [InlineData(SplitBehavior.MergedWithPrevious, new[] { "a-", "-", "b-" })]
    [InlineData(SplitBehavior.MergedWithNext, new[] { "a", "-", "-b", "-" })]
    internal void Matches_go_where_the_behaviour_says(SplitBehavior behavior, string[] expected)
    {
        Pieces(new PatternSplitter(TokenPattern.OfString("-"), behavior, invert: false), "a--b-").ShouldBe(expected);
        Pieces(new CharacterSplitter(behavior, CharacterSplitter.Kind.Punctuation), "a--b-").ShouldBe(expected);
    }

    [Fact]
    public void Patterns_see_characters_beyond_the_first_plane_by_their_category()
    {
        var words = new PatternSplitter(TokenPattern.OfRegex(@"\p{L}+"), SplitBehavior.Isolated, invert: false);
        Pieces(words, "a𝒜b😀c").ShouldBe(["a𝒜b", "😀", "c"]);

        var kept = new PatternSplitter(TokenPattern.OfRegex(@"\s+(?!\S)|\S+"), SplitBehavior.Removed, invert: true);
        Pieces(kept, "a  b").ShouldBe(["a", " ", "b"]);
    }

    [Fact]
    public void Digits_stand_alone_or_together()
    {
        Pieces(new CharacterSplitter(SplitBehavior.Isolated, CharacterSplitter.Kind.Number), "a12b").ShouldBe(["a", "1", "2", "b"]);
        Pieces(new CharacterSplitter(SplitBehavior.Contiguous, CharacterSplitter.Kind.Number), "a12b").ShouldBe(["a", "12", "b"]);
    }

    [Fact]
    public void Bytes_are_visible_and_words_keep_their_space()
    {
        Pieces(new ByteLevelPreTokenizer(addPrefixSpace: false, splits: true), "it's  ş\n 12")
            .ShouldBe(["it", "'s", "Ġ", "ĠÅŁ", "Ċ", "Ġ12"]);
        Pieces(new ByteLevelPreTokenizer(addPrefixSpace: true, splits: false), "a b").ShouldBe(["ĠaĠb"]);
        Pieces(new ByteLevelPreTokenizer(addPrefixSpace: false, splits: true), "\uD800").ShouldBe(["ï¿½"]);
    }

    [Theory]
    [InlineData("Always", true, new[] { "▁a", "▁b" })]
    [InlineData("First", true, new[] { "▁a", "▁b" })]
    [InlineData("First", false, new[] { "a", "▁b" })]
    [InlineData("Never", true, new[] { "a", "▁b" })]
    public void Metaspace_marks_the_beginning_as_its_scheme_says(string scheme, bool atStart, string[] expected) =>
        Pieces(new MetaspacePreTokenizer('▁', Enum.Parse<PrependScheme>(scheme), split: true), "a b", atStart).ShouldBe(expected);

    [Fact]
    public void Metaspace_first_marks_only_the_first_word_of_several()
    {
        var words = new PreTokenizerSequence(
            [new WhitespaceSplitter(), new MetaspacePreTokenizer('▁', PrependScheme.First, split: true)]);

        Pieces(words, "a b").ShouldBe(["▁a", "b"]);
    }

    private static IEnumerable<string> Pieces(PreTokenizer preTokenizer, string text, bool atStart = true)
    {
        var pieces = preTokenizer.Apply(PieceList.Whole(text, atStart));
        return Enumerable.Range(0, pieces.Items.Count).Select(i => pieces[i].ToString());
    }
}
