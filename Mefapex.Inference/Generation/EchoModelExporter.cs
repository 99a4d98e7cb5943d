using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Generation;

/// <summary>
/// Makes a tiny language model in the layout of ONNX Runtime GenAI whose every answer and probability is known in
/// advance: asked through its chat template it repeats the last user message, byte by byte, and ends. Without the
/// template's marks it repeats its last byte for as long as it may. It proves the whole path on the real runtime where
/// no real model is at hand.
/// </summary>
/// <remarks>
/// A decoder of two attention layers with a key-value cache and weights set by hand, 260 tokens (the 256 bytes and four
/// marks), eight numbers per position: is it the user mark, is it the assistant mark, the token, one, the position s
/// (counted from the middle of the context), s², and two that the first layer fills with the positions u of the last
/// user mark and a of the last assistant mark. The second layer looks at s − a + u + 1, the byte to say next, by the
/// score 2ts − s², which is greatest at s = t. What it finds there selects the row of logits: the logarithms of
/// <see cref="TextProbability"/> and its kin.
/// </remarks>
public static class EchoModelExporter
{
    /// <summary>Probability of each byte repeated, and of the end, except digits.</summary>
    public const double TextProbability = 0.9;

    /// <summary>Probability of a digit repeated.</summary>
    public const double DigitProbability = 0.5;

    /// <summary>Probability of the digit after the one to be repeated; 0 comes after 9.</summary>
    public const double NextDigitProbability = 0.4;

    /// <summary>Tokens of its vocabulary.</summary>
    public const int VocabularySize = 260;

    /// <summary>What wraps messages; the text to repeat stands between the marks of user and assistant.</summary>
    public const string ChatTemplate =
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    private const string ModelFile = "model.onnx";
    private const int End = 256;
    private const int User = 258;
    private const int Assistant = 259;

    // Where the eight numbers of a position stand.
    private const int IsUser = 0;
    private const int IsAssistant = 1;
    private const int Token = 2;
    private const int One = 3;
    private const int Position = 4;
    private const int PositionSquared = 5;
    private const int UserPosition = 6;
    private const int AssistantPosition = 7;
    private const int Width = 8;

    private const int Layers = 2;
    private const int Heads = 2;
    private const int HeadSize = 2;

    // Scores of neighbouring positions differ by at least this, so that softmax takes one and leaves e⁻⁵⁰ to the others.
    private const float Sharpness = 50;

    private static readonly string[] Marks = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"];

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes model, configuration and tokenizer into <paramref name="folder"/>.</summary>
    /// <param name="contextLength">Tokens that prompt and answer may have together, 16 to 2048.</param>
    /// <param name="withTemplate">Whether the tokenizer carries <see cref="ChatTemplate"/>.</param>
    public static void Export(string folder, int contextLength = 1024, bool withTemplate = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(contextLength, 2048);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, ModelFile), BuildGraph(contextLength));
        Write(folder, "genai_config.json", Configuration(contextLength));
        Write(folder, "tokenizer.json", Tokenizer());
        Write(folder, "tokenizer_config.json", TokenizerConfiguration(withTemplate));
    }

    internal static byte[] BuildGraph(int contextLength, OnnxElementType logits = OnnxElementType.Float)
    {
        var graph = new OnnxModelBuilder("mefapex-echo")
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Input("position_ids", OnnxElementType.Int64, "batch", "sequence")
            .Output("logits", logits, "batch", "sequence", $"{VocabularySize}")
            .Constant(Embedding())
            .Constant(Positions(contextLength))
            .Constant(Logits())
            .Constant(OnnxTensor.Of("by_head", [0L, 0, Heads, HeadSize], 4))
            .Constant(OnnxTensor.Of("joined", [0L, 0, Heads * HeadSize], 3))
            .Constant(OnnxTensor.Of("zero", [0L]))
            .Constant(OnnxTensor.Of("one", [1L]))
            .Constant(OnnxTensor.Of("axis_length", [2L], 1))
            .Constant(OnnxTensor.Of("axis_last", [2L], 1))
            .Constant(OnnxTensor.Of("axes_keys", [0L, 1, 2], 3))
            .Constant(OnnxTensor.Of("axes_queries", [1L, 3], 2))
            .Constant(OnnxTensor.Of("hidden", [float.MinValue]))
            .Constant(OnnxTensor.Of("seen", [0f]))
            .Node("Gather", ["embedding", "input_ids"], "tokens")
            .Node("Gather", ["positions", "position_ids"], "places")
            .Node("Add", ["tokens", "places"], "x0");
        AddAttention(graph, 0, QueryOfMarks(contextLength), KeyOfMarks(), Map((Position, 0), (Position, 2)));
        graph.Constant(OnnxTensor.Of("mix0", Matrix(Heads * HeadSize, Width, (0, UserPosition, 1), (2, AssistantPosition, 1)), 4, Width))
            .Node("MatMul", ["attended0", "mix0"], "found")
            .Node("Add", ["x0", "found"], "x1");
        AddAttention(graph, 1, QueryOfTarget(), KeyOfTarget(), Map((Token, 0), (Token, 2)));
        return graph
            .Constant(OnnxTensor.Of("mix1", Matrix(Heads * HeadSize, 1, (0, 0, 0.5f), (2, 0, 0.5f)), 4, 1))
            .Node("MatMul", ["attended1", "mix1"], "copied")
            .Node("Squeeze", ["copied", "axis_last"], "copied_token")
            .Node("Round", ["copied_token"], "copied_whole")
            .Node("Cast", ["copied_whole"], "row", OnnxAttribute.Of("to", (long)OnnxElementType.Int64))
            .Node("Gather", ["logit_rows", "row"], "logits_float")
            .Node("Cast", ["logits_float"], "logits", OnnxAttribute.Of("to", (long)logits))
            .Build();
    }

    private static void AddAttention(OnnxModelBuilder graph, int layer, float[] query, float[] key, float[] value)
    {
        string[] cache = ["batch", $"{Heads}", "past", $"{HeadSize}"];
        string[] grown = ["batch", $"{Heads}", "total", $"{HeadSize}"];
        foreach (var (part, weights) in new[] { ("query", query), ("key", key), ("value", value) })
        {
            graph.Constant(OnnxTensor.Of($"{part}_weights{layer}", weights, Width, Heads * HeadSize))
                .Node("MatMul", [$"x{layer}", $"{part}_weights{layer}"], $"{part}_flat{layer}")
                .Node("Reshape", [$"{part}_flat{layer}", "by_head"], $"{part}_split{layer}")
                .Node("Transpose", [$"{part}_split{layer}"], $"{part}{layer}", OnnxAttribute.Of("perm", [0L, 2, 1, 3]));
            if (part == "query")
                continue;
            graph.Input($"past_key_values.{layer}.{part}", OnnxElementType.Float, cache)
                .Output($"present.{layer}.{part}", OnnxElementType.Float, grown)
                .Node(
                    "Concat",
                    [$"past_key_values.{layer}.{part}", $"{part}{layer}"],
                    $"present.{layer}.{part}",
                    OnnxAttribute.Of("axis", 2L));
        }

        graph.Node("Shape", [$"present.{layer}.key"], $"shape{layer}")
            .Node("Gather", [$"shape{layer}", "axis_length"], $"length_list{layer}")
            .Node("Squeeze", [$"length_list{layer}"], $"length{layer}")
            .Node("Range", ["zero", $"length{layer}", "one"], $"indices{layer}")
            .Node("Unsqueeze", [$"indices{layer}", "axes_keys"], $"key_places{layer}")
            .Node("Unsqueeze", ["position_ids", "axes_queries"], $"query_places{layer}")
            .Node("Greater", [$"key_places{layer}", $"query_places{layer}"], $"later{layer}")
            .Node("Where", [$"later{layer}", "hidden", "seen"], $"mask{layer}")
            .Node("Transpose", [$"present.{layer}.key"], $"keys{layer}", OnnxAttribute.Of("perm", [0L, 1, 3, 2]))
            .Node("MatMul", [$"query{layer}", $"keys{layer}"], $"scores{layer}")
            .Node("Add", [$"scores{layer}", $"mask{layer}"], $"masked{layer}")
            .Node("Softmax", [$"masked{layer}"], $"weights{layer}", OnnxAttribute.Of("axis", -1L))
            .Node("MatMul", [$"weights{layer}", $"present.{layer}.value"], $"heads{layer}")
            .Node("Transpose", [$"heads{layer}"], $"merged{layer}", OnnxAttribute.Of("perm", [0L, 2, 1, 3]))
            .Node("Reshape", [$"merged{layer}", "joined"], $"attended{layer}");
    }

    /// <summary>The latest position that has the mark, else the latest of all.</summary>
    private static float[] QueryOfMarks(int contextLength) => Matrix(
        Width,
        Heads * HeadSize,
        (One, 0, Sharpness * 2 * contextLength),
        (One, 1, Sharpness),
        (One, 2, Sharpness * 2 * contextLength),
        (One, 3, Sharpness));

    private static float[] KeyOfMarks() => Map((IsUser, 0), (Position, 1), (IsAssistant, 2), (Position, 3));

    private static float[] QueryOfTarget()
    {
        var weights = new float[Width * Heads * HeadSize];
        for (var head = 0; head < Heads; head++)
        {
            var column = head * HeadSize;
            weights[(Position * Heads * HeadSize) + column] = 2 * Sharpness;
            weights[(UserPosition * Heads * HeadSize) + column] = 2 * Sharpness;
            weights[(AssistantPosition * Heads * HeadSize) + column] = -2 * Sharpness;
            weights[(One * Heads * HeadSize) + column] = 2 * Sharpness;
            weights[(One * Heads * HeadSize) + column + 1] = -Sharpness;
        }

        return weights;
    }

    private static float[] KeyOfTarget() => Map((Position, 0), (PositionSquared, 1), (Position, 2), (PositionSquared, 3));

    private static float[] Map(params (int From, int To)[] entries) =>
        Matrix(Width, Heads * HeadSize, [.. entries.Select(entry => (entry.From, entry.To, 1f))]);

    private static float[] Matrix(int rows, int columns, params (int Row, int Column, float Value)[] entries)
    {
        var values = new float[rows * columns];
        foreach (var (row, column, value) in entries)
            values[(row * columns) + column] = value;
        return values;
    }

    private static OnnxTensor Embedding()
    {
        var values = new float[VocabularySize * Width];
        for (var token = 0; token < VocabularySize; token++)
        {
            var row = values.AsSpan(token * Width, Width);
            row[IsUser] = token == User ? 1 : 0;
            row[IsAssistant] = token == Assistant ? 1 : 0;
            row[Token] = token;
            row[One] = 1;
        }

        return OnnxTensor.Of("embedding", values, VocabularySize, Width);
    }

    private static OnnxTensor Positions(int contextLength)
    {
        var values = new float[contextLength * Width];
        for (var position = 0; position < contextLength; position++)
        {
            var place = position - (contextLength / 2);
            values[(position * Width) + Position] = place;
            values[(position * Width) + PositionSquared] = place * place;
        }

        return OnnxTensor.Of("positions", values, contextLength, Width);
    }

    private static OnnxTensor Logits()
    {
        var values = new float[VocabularySize * VocabularySize];
        for (var token = 0; token < VocabularySize; token++)
        {
            var row = values.AsSpan(token * VocabularySize, VocabularySize);
            if (token is >= '0' and <= '9')
            {
                var next = token == '9' ? '0' : token + 1;
                row.Fill((float)Math.Log((1 - DigitProbability - NextDigitProbability) / (VocabularySize - 2)));
                row[token] = (float)Math.Log(DigitProbability);
                row[next] = (float)Math.Log(NextDigitProbability);
                continue;
            }

            row.Fill((float)Math.Log((1 - TextProbability) / (VocabularySize - 1)));
            row[Math.Min(token, End)] = (float)Math.Log(TextProbability);
        }

        return OnnxTensor.Of("logit_rows", values, VocabularySize, VocabularySize);
    }

    private static JsonObject Configuration(int contextLength) => new()
    {
        ["model"] = new JsonObject
        {
            ["type"] = "llama",
            ["bos_token_id"] = End,
            ["eos_token_id"] = End,
            ["pad_token_id"] = End,
            ["vocab_size"] = VocabularySize,
            ["context_length"] = contextLength,
            ["decoder"] = new JsonObject
            {
                ["filename"] = ModelFile,
                ["hidden_size"] = Width,
                ["head_size"] = HeadSize,
                ["num_attention_heads"] = Heads,
                ["num_key_value_heads"] = Heads,
                ["num_hidden_layers"] = Layers,
                ["session_options"] = new JsonObject { ["provider_options"] = new JsonArray() },
                ["inputs"] = new JsonObject
                {
                    ["input_ids"] = "input_ids",
                    ["position_ids"] = "position_ids",
                    ["past_key_names"] = "past_key_values.%d.key",
                    ["past_value_names"] = "past_key_values.%d.value",
                },
                ["outputs"] = new JsonObject
                {
                    ["logits"] = "logits",
                    ["present_key_names"] = "present.%d.key",
                    ["present_value_names"] = "present.%d.value",
                },
            },
        },
        ["search"] = new JsonObject { ["do_sample"] = false, ["max_length"] = contextLength },
    };

    private static JsonObject Tokenizer()
    {
        var vocabulary = new JsonObject();
        for (var value = 0; value < 256; value++)
            vocabulary[ByteLetter(value).ToString()] = value;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. Marks.Select((mark, index) => AddedToken(mark, End + index))]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = true,
        ["use_regex"] = true,
    };

    private static JsonObject AddedToken(string content, int id) => new JsonObject
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject TokenizerConfiguration(bool withTemplate)
    {
        var configuration = new JsonObject
        {
            ["tokenizer_class"] = "GPT2Tokenizer",
            ["add_prefix_space"] = false,
            ["clean_up_tokenization_spaces"] = false,
            ["bos_token"] = Marks[0],
            ["eos_token"] = Marks[0],
            ["pad_token"] = Marks[0],
            ["unk_token"] = Marks[0],
        };
        if (withTemplate)
            configuration["chat_template"] = ChatTemplate;
        return configuration;
    }

    /// <summary>The letter that byte-level tokenizers write for a byte: printable characters of Latin-1 stand for
    /// themselves, the other bytes take U+0100 onwards (GPT-2, encoder.py, bytes_to_unicode).</summary>
    private static char ByteLetter(int value)
    {
        if (IsPrintable(value))
            return (char)value;
        var others = 0;
        for (var lower = 0; lower < value; lower++)
        {
            if (!IsPrintable(lower))
                others++;
        }

        return (char)(256 + others);
    }

    private static bool IsPrintable(int value) =>
        value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static void Write(string folder, string name, JsonObject content) =>
        File.WriteAllText(Path.Combine(folder, name), content.ToJsonString(Json) + "\n", new UTF8Encoding(false));
}
