using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Tokenizers;

/// <summary>Reads <c>tokenizer.json</c>. What it does not know it refuses by name, since a tokenizer that leaves a step
/// out still gives ids, only wrong ones.</summary>
internal sealed class TokenizerFile
{
    private readonly string _path;

    private TokenizerFile(string path) => _path = path;

    public static Tokenizer Read(string path)
    {
        var file = new TokenizerFile(Path.GetFullPath(path));
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file._path));
            return file.Read(document.RootElement);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"tokenizer file {file._path} is missing; a transformer model needs the tokenizer.json that it was trained with.",
                exception);
        }
        catch (Exception exception) when (exception
            is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // InvalidOperationException: a value of another kind; KeyNotFoundException: a member that is not there.
            throw file.Damaged(exception.Message, exception);
        }
    }

    private Tokenizer Read(JsonElement root)
    {
        var normalizer = Optional(root, "normalizer", ReadNormalizer);
        var model = ReadModel(root.GetProperty("model"));
        var truncation = Member(root, "truncation");
        var padding = Member(root, "padding");
        return new Tokenizer(
            normalizer,
            Optional(root, "pre_tokenizer", ReadPreTokenizer),
            model,
            Optional(root, "post_processor", ReadPostProcessor) ?? SpecialTokens.None,
            [.. Items(root, "added_tokens").Select(ReadAddedToken)])
        {
            PaddingId = padding is { } pad ? Number(pad, "pad_id", 0) : null,
            MaxTokens = truncation is { } cut ? Number(cut, "max_length", 512) : null,
            KeepsEnd = truncation is { } side && Text(side, "direction", "Right") == "Left",
        };
    }

    private static AddedToken ReadAddedToken(JsonElement token) => new(
        token.GetProperty("content").GetString() ?? throw new FormatException("an added token has no content"),
        token.GetProperty("id").GetInt32(),
        Flag(token, "single_word", false),
        Flag(token, "lstrip", false),
        Flag(token, "rstrip", false),
        Flag(token, "normalized", !Flag(token, "special", false)));

    private Normalizer ReadNormalizer(JsonElement json)
    {
        switch (TypeOf(json))
        {
            case "Sequence":
                return new NormalizerSequence([.. Items(json, "normalizers").Select(ReadNormalizer)]);
            case "BertNormalizer":
                NeedsUnicode();
                var lowercase = Flag(json, "lowercase", true);
                return new BertNormalizer(
                    Flag(json, "clean_text", true),
                    Flag(json, "handle_chinese_chars", true),
                    Flag(json, "strip_accents", lowercase),
                    lowercase);
            case "NFC":
                return Unicode(NormalizationForm.FormC);
            case "NFD":
                return Unicode(NormalizationForm.FormD);
            case "NFKC":
                return Unicode(NormalizationForm.FormKC);
            case "NFKD":
                return Unicode(NormalizationForm.FormKD);
            case "Lowercase":
                return new LowercaseNormalizer();
            case "StripAccents":
                return new StripAccentsNormalizer();
            case "Strip":
                return new StripNormalizer(Flag(json, "strip_left", true), Flag(json, "strip_right", true));
            case "Prepend":
                return new PrependNormalizer(Text(json, "prepend", ""));
            case "Nmt":
                return new NmtNormalizer();
            case "Replace":
                var content = Text(json, "content", "");
                var pattern = json.GetProperty("pattern");
                return Member(pattern, "String") is { } text
                    ? new ReplaceStringNormalizer(NotEmpty(text), content)
                    : new ReplaceRegexNormalizer(Pattern(pattern.GetProperty("Regex"), TokenPattern.CompileRegex), content);
            case "Precompiled":
                NeedsUnicode();
                var map = Member(json, "precompiled_charsmap")?.GetBytesFromBase64() ?? [];
                return map.Length == 0 ? new NormalizerSequence([]) : new CharsMapNormalizer(map);
            case var type:
                throw Unknown("normalizer", type);
        }
    }

    private PreTokenizer ReadPreTokenizer(JsonElement json)
    {
        switch (TypeOf(json))
        {
            case "Sequence":
                return new PreTokenizerSequence([.. Items(json, "pretokenizers").Select(ReadPreTokenizer)]);
            case "BertPreTokenizer":
                return new BertSplitter();
            case "Whitespace":
                return new WordSplitter();
            case "WhitespaceSplit":
                return new WhitespaceSplitter();
            case "ByteLevel":
                return new ByteLevelPreTokenizer(Flag(json, "add_prefix_space", true), Flag(json, "use_regex", true));
            case "Punctuation":
                return new CharacterSplitter(Behavior(json, "Isolated"), CharacterSplitter.Kind.Punctuation);
            case "Digits":
                return new CharacterSplitter(
                    Flag(json, "individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous,
                    CharacterSplitter.Kind.Number);
            case "Metaspace":
                var replacement = Text(json, "replacement", "\u2581");
                if (replacement.Length != 1)
                    throw new FormatException($"the Metaspace replacement \"{replacement}\" is not one character");
                return new MetaspacePreTokenizer(replacement[0], Scheme(json), Flag(json, "split", true));
            case "Split":
                var pattern = json.GetProperty("pattern");
                var compiled = Member(pattern, "String") is { } text
                    ? TokenPattern.OfString(NotEmpty(text))
                    : Pattern(pattern.GetProperty("Regex"), TokenPattern.OfRegex);
                return new PatternSplitter(compiled, Behavior(json, "Isolated"), Flag(json, "invert", false));
            case var type:
                throw Unknown("pre-tokenizer", type);
        }
    }

    private TokenModel ReadModel(JsonElement json)
    {
        // Early files name no type.
        var type = Member(json, "type") is { } named ? named.GetString()
            : json.GetProperty("vocab").ValueKind == JsonValueKind.Array ? "Unigram"
            : Member(json, "merges") is null ? "WordPiece" : "BPE";
        switch (type)
        {
            case "WordPiece":
                var words = ReadVocabulary(json);
                var unknown = Text(json, "unk_token", "[UNK]");
                return new WordPieceModel(
                    words,
                    words.TryGetValue(unknown, out var unknownId)
                        ? unknownId
                        : throw new FormatException($"the unknown token \"{unknown}\" is not in the vocabulary"),
                    Text(json, "continuing_subword_prefix", "##"),
                    Number(json, "max_input_chars_per_word", 100));
            case "Unigram":
                return ReadUnigram(json);
            case "BPE":
                return ReadBytePair(json);
            default:
                throw Unknown("model", type);
        }
    }

    private static UnigramModel ReadUnigram(JsonElement json)
    {
        var tokens = new List<KeyValuePair<string, double>>();
        foreach (var entry in json.GetProperty("vocab").EnumerateArray())
            tokens.Add(new KeyValuePair<string, double>(entry[0].GetString() ?? "", entry[1].GetDouble()));
        var unknown = Number(json, "unk_id", -1);
        if (unknown < 0 || unknown >= tokens.Count)
            throw new FormatException($"the id {unknown} of the unknown token is not in the vocabulary of {tokens.Count} tokens");
        return new UnigramModel(tokens, unknown, Flag(json, "byte_fallback", false));
    }

    private static BytePairModel ReadBytePair(JsonElement json)
    {
        var vocabulary = ReadVocabulary(json);
        var merges = new List<(string, string)>();
        foreach (var merge in json.GetProperty("merges").EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array)
            {
                merges.Add((merge[0].GetString() ?? "", merge[1].GetString() ?? ""));
                continue;
            }

            var pair = (merge.GetString() ?? "").Split(' ');
            if (pair.Length != 2)
                throw new FormatException($"merge {merges.Count} is not of two tokens: \"{merge.GetString()}\"");
            merges.Add((pair[0], pair[1]));
        }

        int? unknownId = null;
        if (Text(json, "unk_token", "") is { Length: > 0 } unknown)
        {
            unknownId = vocabulary.TryGetValue(unknown, out var id)
                ? id
                : throw new FormatException($"the unknown token \"{unknown}\" is not in the vocabulary");
        }

        return new BytePairModel(vocabulary, merges, new BytePairOptions(
            unknownId,
            Text(json, "continuing_subword_prefix", ""),
            Text(json, "end_of_word_suffix", ""),
            Flag(json, "fuse_unk", false),
            Flag(json, "byte_fallback", false),
            Flag(json, "ignore_merges", false)));
    }

    private static Dictionary<string, int> ReadVocabulary(JsonElement model)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in model.GetProperty("vocab").EnumerateObject())
            vocabulary[entry.Name] = entry.Value.GetInt32();
        return vocabulary;
    }

    private SpecialTokens ReadPostProcessor(JsonElement json)
    {
        switch (TypeOf(json))
        {
            case "ByteLevel":
                return SpecialTokens.None;
            case "BertProcessing" or "RobertaProcessing":
                return new SpecialTokens(
                    [json.GetProperty("cls")[1].GetInt32()], [json.GetProperty("sep")[1].GetInt32()], HasTypes: false);
            case "Sequence":
                return Items(json, "processors")
                    .Select(ReadPostProcessor)
                    .Aggregate(SpecialTokens.None, (inner, outer) => outer.Around(inner));
            case "TemplateProcessing":
                return ReadTemplate(json);
            case var type:
                throw Unknown("post-processor", type);
        }
    }

    private static SpecialTokens ReadTemplate(JsonElement json)
    {
        var before = new List<int>();
        var after = new List<int>();
        var sequences = 0;
        var hasTypes = false;
        foreach (var item in Items(json, "single"))
        {
            if (Member(item, "SpecialToken") is { } special)
            {
                hasTypes |= Number(special, "type_id", 0) != 0;
                var ids = json.GetProperty("special_tokens").GetProperty(Text(special, "id", "")).GetProperty("ids");
                (sequences == 0 ? before : after).AddRange(ids.EnumerateArray().Select(id => id.GetInt32()));
            }
            else
            {
                hasTypes |= Number(item.GetProperty("Sequence"), "type_id", 0) != 0;
                sequences++;
            }
        }

        return sequences == 1
            ? new SpecialTokens([.. before], [.. after], hasTypes)
            : throw new FormatException($"the template of a single text holds the text {sequences} times");
    }

    private static PrependScheme Scheme(JsonElement json) => Text(json, "prepend_scheme", "") switch
    {
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        // Early files have a flag instead.
        "" => Flag(json, "add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never,
        var scheme => throw new FormatException($"the prepend_scheme \"{scheme}\" is not known"),
    };

    private static SplitBehavior Behavior(JsonElement json, string absent) =>
        Enum.TryParse<SplitBehavior>(Text(json, "behavior", absent), out var behavior)
            ? behavior
            : throw new FormatException($"the split behavior \"{Text(json, "behavior", absent)}\" is not known");

    private T Pattern<T>(JsonElement pattern, Func<string, T> compile)
    {
        var source = NotEmpty(pattern);
        try
        {
            return compile(source);
        }
        catch (ArgumentException exception)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"tokenizer file {_path} has the regular expression \"{source}\", which this program cannot follow: " +
                $"{exception.Message} Take a model with another tokenizer.",
                exception);
        }
    }

    private static string NotEmpty(JsonElement pattern) => pattern.GetString() is { Length: > 0 } text
        ? text
        : throw new FormatException("a pattern is empty");

    private UnicodeNormalizer Unicode(NormalizationForm form)
    {
        NeedsUnicode();
        return new UnicodeNormalizer(form);
    }

    private void NeedsUnicode()
    {
        if (!UnicodeText.CanNormalize)
        {
            throw new PlatformNotSupportedException(
                $"tokenizer file {_path} needs Unicode normalisation, and the process runs in globalization-invariant mode. " +
                "Install ICU (libicu) and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        }
    }

    private ModelException Unknown(string component, string? type) => new(
        ModelFault.Unsuitable,
        $"tokenizer file {_path} has a {component} of type {type ?? "null"}, which this program does not know. " +
        "Take a model with another tokenizer.");

    private ModelException Damaged(string cause, Exception exception) => new(
        ModelFault.Damaged,
        $"tokenizer file {_path} is damaged: {cause.TrimEnd('.')}. Download or export it again.",
        exception);

    private static T? Optional<T>(JsonElement json, string name, Func<JsonElement, T> read)
        where T : class => Member(json, name) is { } member ? read(member) : null;

    private static JsonElement? Member(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement json, string name) =>
        Member(json, name) is { } member ? member.EnumerateArray() : default;

    private static string? TypeOf(JsonElement json) => json.GetProperty("type").GetString();

    private static string Text(JsonElement json, string name, string absent) =>
        Member(json, name)?.GetString() ?? absent;

    private static bool Flag(JsonElement json, string name, bool absent) => Member(json, name)?.GetBoolean() ?? absent;

    private static int Number(JsonElement json, string name, int absent) => Member(json, name)?.GetInt32() ?? absent;
}
