using System.Text.Json;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Generation;

/// <summary>
/// A language model's folder in the layout of ONNX Runtime GenAI (https://onnxruntime.ai/docs/genai/reference/config.html):
/// <c>genai_config.json</c> and the files it names, <c>tokenizer.json</c>, <c>tokenizer_config.json</c>, and for models
/// that chat a template, in <c>chat_template.jinja</c> or in <c>tokenizer_config.json</c>.
/// </summary>
public sealed record GeneratorFolder
{
    /// <summary>The file that describes the model.</summary>
    public const string ConfigurationFile = "genai_config.json";

    private const string TokenizerFile = "tokenizer.json";
    private const string TokenizerConfigurationFile = "tokenizer_config.json";
    private const string TemplateFile = "chat_template.jinja";

    private GeneratorFolder(string path) => Path = path;

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>By which answers name the model; the folder's name unless another was given.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Such as <c>llama</c> or <c>gpt2</c>.</summary>
    public string ModelType { get; private init; } = "";

    /// <summary>Number of tokens, so also of logits.</summary>
    public int VocabularySize { get; private init; }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int ContextLength { get; private init; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EndTokens { get; private init; } = [];

    /// <summary>Jinja template that makes one prompt of several messages; null where the model has none.</summary>
    public string? ChatTemplate { get; private init; }

    /// <summary>Length of all files of the folder in bytes.</summary>
    public long Bytes { get; private init; }

    internal int PadToken { get; private init; }

    internal int BeginToken { get; private init; }

    /// <summary>Whether a prompt without template starts with <see cref="BeginToken"/>.</summary>
    internal bool AddsBeginToken { get; private init; }

    /// <summary>Whether the model reads a prompt in parts. Those whose rotary factors or windows depend on the whole
    /// prompt do not.</summary>
    internal bool ReadsInParts { get; private init; }

    internal string LogitsName { get; private init; } = "";

    /// <summary>The file of the graph.</summary>
    internal string DecoderFile { get; private init; } = "";

    /// <summary>Reads the folder and checks that its files are there and fit together; the weights are not loaded.</summary>
    /// <exception cref="ModelException">A file is missing, damaged, or does not fit the others.</exception>
    public static GeneratorFolder Open(string path, string? name = null)
    {
        var full = Full(path);
        if (!Directory.Exists(full))
        {
            throw new ModelException(
                ModelFault.Missing,
                $"model folder {full} is missing; download the model there, or point Models:Generator:Path at its folder.");
        }

        using var configuration = ReadJson(System.IO.Path.Combine(full, ConfigurationFile));
        var file = System.IO.Path.Combine(full, ConfigurationFile);
        var model = Part(configuration.RootElement, "model", file);
        var decoder = Part(model, "decoder", file);
        var tokenizer = System.IO.Path.Combine(full, Text(model, "tokenizer_dir") ?? "");
        RequireFile(System.IO.Path.Combine(tokenizer, TokenizerFile));
        RequireFile(System.IO.Path.Combine(tokenizer, TokenizerConfigurationFile));
        var decoderFile = Text(decoder, "filename") ?? throw Lacks(file, "model.decoder.filename");
        string[] files = [.. FileNames(model)];
        if (files.Length > 1)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"{file} describes a model of several graphs ({string.Join(", ", files)}), as for pictures or speech; " +
                "take one that reads text alone, with one graph.");
        }

        RequireFile(System.IO.Path.Combine(full, decoderFile));

        using var tokenizerConfiguration = ReadJson(System.IO.Path.Combine(tokenizer, TokenizerConfigurationFile));
        var type = Text(model, "type") ?? throw Lacks(file, "model.type");
        var padToken = Number(model, "pad_token_id") ?? 0;
        var folder = new GeneratorFolder(full)
        {
            Name = name ?? System.IO.Path.GetFileName(full),
            ModelType = type,
            VocabularySize = Positive(model, "vocab_size", file),
            ContextLength = Positive(model, "context_length", file),
            PadToken = padToken,
            BeginToken = Number(model, "bos_token_id") ?? 0,
            EndTokens = EndTokensOf(model) is { Count: > 0 } ends ? ends : [padToken],
            ChatTemplate = TemplateOf(tokenizer, tokenizerConfiguration.RootElement),
            AddsBeginToken = Field(tokenizerConfiguration.RootElement, "add_bos_token") is { ValueKind: JsonValueKind.True },
            ReadsInParts = !type.StartsWith("phi", StringComparison.Ordinal) && Field(decoder, "sliding_window") is null,
            DecoderFile = decoderFile,
            LogitsName = Field(decoder, "outputs") is { } outputs ? Text(outputs, "logits") ?? "logits" : "logits",
            Bytes = new DirectoryInfo(full).EnumerateFiles("*", SearchOption.AllDirectories).Sum(entry => entry.Length),
        };
        folder.CheckTokens(file);
        folder.CheckLogits(System.IO.Path.Combine(full, decoderFile), file);
        return folder;
    }

    private static string Full(string path) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    private void CheckTokens(string file)
    {
        foreach (var token in EndTokens)
        {
            if (token < 0 || token >= VocabularySize)
            {
                throw new ModelException(
                    ModelFault.Unsuitable,
                    $"{file} says eos_token_id {token} and vocab_size {VocabularySize}; a token must be below the vocabulary's size.");
            }
        }
    }

    private void CheckLogits(string modelFile, string file)
    {
        IReadOnlyDictionary<string, long?[]> outputs;
        try
        {
            outputs = OnnxOutline.ReadOutputs(modelFile);
        }
        catch (InvalidDataException exception)
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"model file {modelFile} is damaged: {exception.Message} Download or export it again.",
                exception);
        }

        if (!outputs.TryGetValue(LogitsName, out var dimensions))
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model file {modelFile} has the outputs {string.Join(", ", outputs.Keys.Take(5))}; {file} asks for {LogitsName}. " +
                "Take a decoder that was exported for ONNX Runtime GenAI, with its own configuration.");
        }

        if (dimensions is [.., { } logits] && logits != VocabularySize)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"{file} says vocab_size {VocabularySize}; {modelFile} gives {logits} logits. " +
                "Model and configuration must be of one export.");
        }
    }

    private static JsonDocument ReadJson(string path)
    {
        RequireFile(path);
        try
        {
            using var stream = File.OpenRead(path);
            var document = JsonDocument.Parse(stream);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            throw new JsonException("It holds no object.");
        }
        catch (JsonException exception)
        {
            throw new ModelException(
                ModelFault.Damaged, $"{path} is damaged: {exception.Message} Download the model again.", exception);
        }
    }

    private static void RequireFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelException(
                ModelFault.Missing,
                $"{path} is missing; a model in the layout of ONNX Runtime GenAI needs it. Download or export the whole folder.");
        }
    }

    /// <summary>Every graph that the configuration names: the decoder, and for some models further ones. The runtime does
    /// not survive being asked for the text of those without their other inputs.</summary>
    private static IEnumerable<string> FileNames(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.NameEquals("filename") && property.Value.ValueKind == JsonValueKind.String
                ? [property.Value.GetString()!]
                : FileNames(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(FileNames),
        _ => [],
    };

    private static string? TemplateOf(string tokenizer, JsonElement configuration)
    {
        var file = System.IO.Path.Combine(tokenizer, TemplateFile);
        if (File.Exists(file))
            return File.ReadAllText(file);
        return Field(configuration, "chat_template") switch
        {
            { ValueKind: JsonValueKind.String } template => template.GetString(),
            { ValueKind: JsonValueKind.Array } named => named.EnumerateArray()
                .Where(entry => Text(entry, "name") == "default")
                .Select(entry => Text(entry, "template"))
                .FirstOrDefault(),
            _ => null,
        };
    }

    private static List<int> EndTokensOf(JsonElement model) => Field(model, "eos_token_id") switch
    {
        { ValueKind: JsonValueKind.Number } one => [one.GetInt32()],
        { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Select(token => token.GetInt32())],
        _ => [],
    };

    private static JsonElement Part(JsonElement element, string name, string file) =>
        Field(element, name) is { ValueKind: JsonValueKind.Object } part ? part : throw Lacks(file, name);

    private static int Positive(JsonElement element, string name, string file) =>
        Number(element, name) is > 0 and var number ? number : throw Lacks(file, $"model.{name} above 0");

    private static ModelException Lacks(string file, string what) => new(
        ModelFault.Unsuitable,
        $"{file} has no {what}; take a folder that was exported for ONNX Runtime GenAI.");

    private static int? Number(JsonElement element, string name) =>
        Field(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Field(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Field(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
}
