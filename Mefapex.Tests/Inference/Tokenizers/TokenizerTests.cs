using System.Text.RegularExpressions;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Tokenizers;

namespace Mefapex.Tests.Inference.Tokenizers;

public sealed class TokenizerTests : IDisposable
{
    private readonly TokenizerFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Word_pieces_are_the_longest_that_fit_and_else_the_word_is_unknown()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json());

        tokenizer.Encode("yıllık izin yılb izinx").Ids.ShouldBe([5, 6, 4, 5, 8, 1]);
        tokenizer.VocabularySize.ShouldBe(12);
    }

    [Fact]
    public void A_text_that_is_too_long_loses_its_own_end_and_keeps_the_special_tokens()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(postProcessor: TokenizerFiles.Template));

        var cut = tokenizer.Encode("izin izin izin izin", maxTokens: 4);

        cut.Ids.ShouldBe([2, 4, 4, 3]);
        cut.Truncated.ShouldBeTrue();
        tokenizer.Encode("izin izin", maxTokens: 4).Truncated.ShouldBeFalse();
        Should.Throw<ArgumentOutOfRangeException>(() => tokenizer.Encode("izin", maxTokens: 1));
    }

    [Fact]
    public void Truncation_on_the_left_keeps_the_end()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(
            postProcessor: TokenizerFiles.Template,
            truncation: """{"max_length":3,"direction":"Left"}""",
            padding: """{"pad_id":7}"""));

        tokenizer.MaxTokens.ShouldBe(3);
        tokenizer.PaddingId.ShouldBe(7);
        tokenizer.Encode("izin izin a", 3).Ids.ShouldBe([2, 7, 3]);
    }

    [Fact]
    public void A_limit_gives_the_beginning_of_what_no_limit_gives()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(
            normalizer: """{"type":"BertNormalizer","strip_accents":false}""", postProcessor: TokenizerFiles.Template));
        var words = new[] { "izin", "YILLIK", "a\u0301b", "bilinmeyen", "a", "ΣΑΣ", "  \t", "😀" };
        var random = new Random(7);
        var text = string.Join(' ', Enumerable.Range(0, 20_000).Select(_ => words[random.Next(words.Length)]));

        var whole = tokenizer.Encode(text).Ids;

        foreach (var limit in new[] { 3, 64, 512, 5000 })
            tokenizer.Encode(text, limit).Ids[..^1].ShouldBe(whole[..(limit - 1)]);
    }

    [Fact]
    public void Ten_megabytes_and_a_word_of_a_hundred_thousand_characters_come_to_an_end()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json());

        tokenizer.Encode(string.Concat(Enumerable.Repeat("yıllık izin a1 ", 700_000)), 128).Ids.Length.ShouldBe(128);
        tokenizer.Encode(new string('a', 100_000)).Ids.ShouldBe([1]);
        tokenizer.Encode(new string('<', 1_000_000), 128).Ids.ShouldBe([1]);
    }

    [Fact]
    public void It_may_be_used_from_many_threads()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(normalizer: """{"type":"BertNormalizer","strip_accents":false}"""));
        var texts = Enumerable.Range(0, 200).Select(i => string.Concat(Enumerable.Repeat("izin yıllık a ", i % 17))).ToArray();
        var alone = texts.Select(text => tokenizer.Encode(text).Ids).ToArray();
        var together = new int[texts.Length][];

        Parallel.For(0, texts.Length, i => together[i] = tokenizer.Encode(texts[i]).Ids);

        together.ShouldBe(alone);
    }

    [Fact]
    public void Added_tokens_take_white_space_and_stand_alone_as_they_say()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(
            preTokenizer: null,
            addedTokens: """
            [{"id":20,"content":"<l>","lstrip":true},{"id":21,"content":"<r>","rstrip":true},
             {"id":22,"content":"kol","single_word":true},{"id":23,"content":"<l><l>"},{"id":24,"content":"ŞEF","normalized":true}]
            """,
            normalizer: """{"type":"Lowercase"}"""));

        tokenizer.Encode("a <l>").Ids.ShouldBe([7, 20]);
        tokenizer.Encode("<r>  a").Ids.ShouldBe([21, 7]);
        tokenizer.Encode("kol").Ids.ShouldBe([22]);
        tokenizer.Encode("kola").Ids.ShouldBe([1]);
        tokenizer.Encode("<l><l>").Ids.ShouldBe([23]);
        tokenizer.Encode("şef").Ids.ShouldBe([24]);
        tokenizer.IdOf("<l>").ShouldBe(20);
        tokenizer.IdOf("izin").ShouldBe(4);
        tokenizer.IdOf("yok").ShouldBeNull();
    }

    [Fact]
    public void Post_processors_put_their_tokens_around_each_other()
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(postProcessor: $$"""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{{TokenizerFiles.Template}},
             {"type":"BertProcessing","cls":["a",7],"sep":["1",10]}]}
            """));

        tokenizer.Encode("izin").Ids.ShouldBe([7, 2, 4, 3, 10]);
        tokenizer.SpecialTokenCount.ShouldBe(4);
    }

    [Fact]
    public void Unigram_takes_the_likeliest_way_and_joins_unknown_characters()
    {
        const string Model = """
            {"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["▁",-2],["a",-3],["b",-3],["ab",-5.5],["▁ab",-9],["c",-1]]}
            """;
        var tokenizer = _files.Load(TokenizerFiles.Json(Model, preTokenizer: """{"type":"Metaspace"}"""));

        tokenizer.Encode("ab").Ids.ShouldBe([1, 4]);
        tokenizer.Encode("a xyz😀 c").Ids.ShouldBe([1, 2, 1, 0, 1, 6]);
    }

    [Fact]
    public void Unigram_writes_unknown_characters_as_bytes_where_it_has_them()
    {
        var bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"[\"<0x{value:X2}>\",-1]"));
        var tokenizer = _files.Load(TokenizerFiles.Json(
            $$"""{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0],{{bytes}},["a",-1]]}"""));

        tokenizer.Encode("aş").Ids.ShouldBe([257, 1 + 0xC5, 1 + 0x9F]);
    }

    [Theory]
    [InlineData("""["a b","ab c","b c"]""")]
    [InlineData("""[["a","b"],["ab","c"],["b","c"]]""")]
    public void Byte_pairs_merge_by_rank_in_both_notations(string merges)
    {
        var tokenizer = _files.Load(TokenizerFiles.Json(
            $$"""{"type":"BPE","unk_token":"?","fuse_unk":true,"vocab":{"?":0,"a":1,"b":2,"c":3,"ab":4,"abc":5,"bc":6},"merges":{{merges}}}"""));

        tokenizer.Encode("abc bc abab xyz").Ids.ShouldBe([5, 6, 4, 4, 0]);
        tokenizer.Encode(string.Concat(Enumerable.Repeat("abcbc", 1000))).Ids
            .ShouldBe(Enumerable.Repeat((int[])[5, 6], 1000).SelectMany(ids => ids));
    }

    [Fact]
    public void Byte_pairs_follow_ignored_merges_fallback_bytes_and_word_ends()
    {
        var bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value + 100}"));
        var taken = _files.Load(TokenizerFiles.Json(
            $$"""{"type":"BPE","ignore_merges":true,"byte_fallback":true,"vocab":{"a":1,"b":2,"ab":3,{{bytes}}},"merges":[]}"""));
        taken.Encode("ab ba ş").Ids.ShouldBe([3, 2, 1, 100 + 0xC5, 100 + 0x9F]);

        var ended = _files.Load(TokenizerFiles.Json(
            """{"type":"BPE","end_of_word_suffix":"</w>","vocab":{"a":1,"b":2,"b</w>":3,"ab</w>":4,"a</w>":5},"merges":["a b</w>"]}"""));
        ended.Encode("ab a ba").Ids.ShouldBe([4, 5, 2, 5]);
    }

    [Fact]
    public void A_missing_file_is_named() => Fails(() => Tokenizer.Load(_files.Path), ModelFault.Missing, "missing");

    [Theory]
    [InlineData("{", "damaged")]
    [InlineData("null", "damaged")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":3}}""", "damaged")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}}}""", "[UNK]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "merge 0")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":5,"vocab":[["a",0]]}}""", "id 5")]
    public void A_damaged_file_is_named_with_the_cause(string json, string cause) =>
        Fails(() => _files.Load(json), ModelFault.Damaged, cause);

    [Fact]
    public void A_component_that_is_not_known_is_refused_by_name()
    {
        Fails(() => _files.Load(TokenizerFiles.Json(normalizer: """{"type":"Rot13"}""")), ModelFault.Unsuitable, "normalizer of type Rot13");
        Fails(() => _files.Load(TokenizerFiles.Json(preTokenizer: """{"type":"UnicodeScripts"}""")), ModelFault.Unsuitable, "UnicodeScripts");
        Fails(() => _files.Load(TokenizerFiles.Json(postProcessor: """{"type":"Odd"}""")), ModelFault.Unsuitable, "post-processor of type Odd");
        Fails(() => _files.Load(TokenizerFiles.Json("""{"type":"Quantum","vocab":{}}""")), ModelFault.Unsuitable, "model of type Quantum");
    }

    [Theory]
    [InlineData(@"\p{Han}+")]
    [InlineData("[^(a|[b])]")]
    [InlineData("[[:punct:]]")]
    [InlineData("[a-z&&b]")]
    [InlineData("a++")]
    public void A_pattern_that_NET_would_read_otherwise_is_refused(string pattern)
    {
        var split = $$$"""{"type":"Split","pattern":{"Regex":"{{{pattern.Replace("\\", "\\\\", StringComparison.Ordinal)}}}"}}""";

        Fails(() => _files.Load(TokenizerFiles.Json(preTokenizer: split)), ModelFault.Unsuitable, pattern);
    }

    [Fact]
    public void A_pattern_that_takes_forever_ends_with_its_name()
    {
        var tokenizer = new Tokenizer(
            null, new Endless(), new WordPieceModel(new() { ["?"] = 0 }, 0, "##", 100), SpecialTokens.None, []);

        var exception = Should.Throw<ModelException>(() => tokenizer.Encode("aaaa"));

        exception.Message.ShouldContain("(a+)+b");
        exception.Message.ShouldContain("4 characters");
    }

    private void Fails(Func<Tokenizer> load, ModelFault fault, string cause)
    {
        var exception = Should.Throw<ModelException>(load);

        exception.Fault.ShouldBe(fault);
        exception.Message.ShouldContain(_files.Path);
        exception.Message.ShouldContain(cause);
    }

    private sealed class Endless : PreTokenizer
    {
        public override PieceList Apply(PieceList pieces) =>
            throw new RegexMatchTimeoutException(pieces.Text, "(a+)+b", TimeSpan.FromSeconds(10));
    }
}
