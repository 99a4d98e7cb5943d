using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Tokenizers;

namespace Mefapex.Inference.Embedding;

/// <summary>How the vectors of a text's tokens become one.</summary>
public enum Pooling
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The first one's.</summary>
    Cls,
}

/// <summary>
/// What a folder of sentence-transformers or optimum says of its model: <c>config.json</c>,
/// <c>sentence_bert_config.json</c>, <c>modules.json</c>, <c>1_Pooling/config.json</c>, <c>2_Dense</c>,
/// <c>config_sentence_transformers.json</c>. Only <c>config.json</c> must be there.
/// </summary>
internal sealed partial record TransformerFolder
{
    private const int LargestSaneLength = 1_000_000;

    // Positions of these begin behind the padding id, so the table has that many rows more than tokens.
    private static readonly string[] OffsetPositions =
        ["roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer", "roberta-prelayernorm"];

    public required string Path { get; init; }

    /// <summary>Full path of the ONNX file.</summary>
    public required string ModelFile { get; init; }

    public required Pooling Pooling { get; init; }

    public DenseLayer? Dense { get; init; }

    /// <summary>Most tokens of an input, special tokens included.</summary>
    public required int MaxTokens { get; init; }

    public required int PaddingId { get; init; }

    /// <summary>The first token's position.</summary>
    public required int FirstPosition { get; init; }

    /// <summary>Rows of the embedding table, where the folder says so.</summary>
    public int? VocabularySize { get; init; }

    /// <summary>Length of the pooled vectors, where the folder says so.</summary>
    public int? PooledDimensions { get; init; }

    public required string QueryPrompt { get; init; }

    public required string PassagePrompt { get; init; }

    /// <summary>Reads everything but the graph and the tokenizer.</summary>
    public static TransformerFolder Read(string folder, TransformerOptions options, Tokenizer tokenizer)
    {
        using var config = ReadJson(In(folder, "config.json")) ?? throw new ModelException(
            ModelFault.Missing,
            $"model folder {folder} has no config.json; download the model with all its files, or export it with optimum.");
        try
        {
            return Read(folder, options, tokenizer, config.RootElement);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"model folder {folder} has a settings file with a value of another kind than is expected: " +
                $"{exception.Message} Download it again.",
                exception);
        }
    }

    /// <summary>The JSON of a file; null where there is none.</summary>
    public static JsonDocument? ReadJson(string file)
    {
        try
        {
            return File.Exists(file) ? JsonDocument.Parse(File.ReadAllBytes(file)) : null;
        }
        catch (JsonException exception)
        {
            throw new ModelException(
                ModelFault.Damaged, $"settings file {file} is damaged: {exception.Message} Download it again.", exception);
        }
    }

    private static TransformerFolder Read(
        string folder, TransformerOptions options, Tokenizer tokenizer, JsonElement config)
    {
        var paddingId = Number(config, "pad_token_id") ?? tokenizer.PaddingId ?? 0;
        var isOffset = OffsetPositions.Contains(Text(config, "model_type"), StringComparer.Ordinal);
        var firstPosition = isOffset ? paddingId + 1 : 0;
        var positions = Number(config, "max_position_embeddings") - firstPosition;

        using var sentence = ReadJson(In(folder, "sentence_bert_config.json"));
        using var tokenizerConfig = ReadJson(In(folder, "tokenizer_config.json"));
        // What the model was made for, then what its tokenizer was; neither can exceed the table of positions.
        var wanted = Length(sentence, "max_seq_length") ?? Length(tokenizerConfig, "model_max_length") ?? tokenizer.MaxTokens;
        var maxTokens = Math.Min(
            options.MaxTokens ?? int.MaxValue, Math.Min(wanted ?? int.MaxValue, positions ?? int.MaxValue));
        if (maxTokens == int.MaxValue)
            maxTokens = TransformerOptions.MaxTokensUnlessSaid;
        if (maxTokens <= tokenizer.SpecialTokenCount)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model folder {folder} allows inputs of {maxTokens} tokens, which its {tokenizer.SpecialTokenCount} special " +
                "tokens fill; see max_seq_length and max_position_embeddings.");
        }

        var (poolingFolder, denseFolder) = ReadModules(folder);
        var (pooling, pooledDimensions) = ReadPooling(folder, poolingFolder);
        var (query, passage) = ReadPrompts(folder, config);
        return new TransformerFolder
        {
            Path = folder,
            ModelFile = FindModel(folder, options.ModelFile),
            Pooling = options.Pooling ?? pooling ?? Pooling.Mean,
            Dense = denseFolder is null ? null : DenseLayer.Read(denseFolder),
            MaxTokens = maxTokens,
            PaddingId = paddingId,
            FirstPosition = firstPosition,
            VocabularySize = Number(config, "vocab_size"),
            PooledDimensions = pooledDimensions,
            QueryPrompt = options.QueryPrompt ?? query,
            PassagePrompt = options.PassagePrompt ?? passage,
        };
    }

    /// <summary>Full path of the ONNX file.</summary>
    public static string FindModel(string folder, string? named)
    {
        string[] candidates = named is null ? ["model.onnx", System.IO.Path.Combine("onnx", "model.onnx")] : [named];
        return candidates.Select(name => In(folder, name)).FirstOrDefault(File.Exists) ?? throw new ModelException(
            ModelFault.Missing,
            $"model folder {folder} has no {string.Join(" or ", candidates)}; export the model to ONNX with optimum, or " +
            "download its ONNX files.");
    }

    private static (string? Pooling, string? Dense) ReadModules(string folder)
    {
        using var modules = ReadJson(In(folder, "modules.json"));
        if (modules is null)
        {
            var dense = In(folder, "2_Dense");
            return (null, Directory.Exists(dense) ? dense : null);
        }

        string? pooling = null, denseFolder = null;
        foreach (var module in modules.RootElement.EnumerateArray())
        {
            var type = Text(module, "type");
            var path = In(folder, Text(module, "path") ?? "");
            switch (type?[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer" or "Normalize":
                    break;
                case "Pooling":
                    pooling = path;
                    break;
                case "Dense" when denseFolder is null:
                    denseFolder = path;
                    break;
                default:
                    throw new ModelException(
                        ModelFault.Unsuitable,
                        $"model folder {folder} has a module of type {type}, which is not known here, or a second dense " +
                        "layer; Transformer, Pooling, one Dense and Normalize are.");
            }
        }

        return (pooling, denseFolder);
    }

    private static (Pooling? Pooling, int? Dimensions) ReadPooling(string folder, string? poolingFolder)
    {
        using var config = ReadJson(System.IO.Path.Combine(poolingFolder ?? In(folder, "1_Pooling"), "config.json"))
            ?? ReadJson(In(folder, "1_Pooling_config.json"));
        if (config is null)
            return (null, null);

        const string Prefix = "pooling_mode_";
        string[] modes = Text(config.RootElement, "pooling_mode") is { } mode
            ? [mode]
            : [.. config.RootElement.EnumerateObject()
                .Where(member => member.Name.StartsWith(Prefix, StringComparison.Ordinal) && member.Value.ValueKind == JsonValueKind.True)
                .Select(member => member.Name[Prefix.Length..])];
        Pooling pooling = modes switch
        {
            // Vectors are brought to unit length, which takes the root of the length out again.
            ["mean_tokens" or "mean" or "mean_sqrt_len_tokens"] => Pooling.Mean,
            ["cls_token" or "cls"] => Pooling.Cls,
            _ => throw new ModelException(
                ModelFault.Unsuitable,
                $"model folder {folder} pools by [{string.Join(", ", modes)}]; mean or cls is needed, one of them."),
        };
        return (pooling, Number(config.RootElement, "word_embedding_dimension") ?? Number(config.RootElement, "embedding_dimension"));
    }

    private static (string Query, string Passage) ReadPrompts(string folder, JsonElement config)
    {
        using var sentence = ReadJson(In(folder, "config_sentence_transformers.json"));
        if (sentence is not null && sentence.RootElement.TryGetProperty("prompts", out var prompts) &&
            prompts.ValueKind == JsonValueKind.Object && prompts.EnumerateObject().Any())
        {
            var otherwise = Text(sentence.RootElement, "default_prompt_name") is { } name ? Text(prompts, name) ?? "" : "";
            return (Text(prompts, "query") ?? otherwise, Text(prompts, "passage") ?? Text(prompts, "document") ?? otherwise);
        }

        // The E5 models ask for these on their model cards and not in a file.
        return E5().IsMatch(Text(config, "_name_or_path") ?? "") || E5().IsMatch(System.IO.Path.GetFileName(folder))
            ? ("query: ", "passage: ")
            : ("", "");
    }

    /// <summary>Absent and the huge numbers that stand for no limit give null.</summary>
    private static int? Length(JsonDocument? json, string name) =>
        json is not null && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number &&
        value.GetDouble() is > 0 and < LargestSaneLength and var length
            ? (int)length
            : null;

    private static int? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string In(string folder, string name) => System.IO.Path.Combine(folder, name);

    [GeneratedRegex("(^|[-/])e5-(small|base|large)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex E5();
}
