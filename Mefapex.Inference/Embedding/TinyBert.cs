using System.Text.Json;
using Mefapex.Inference.Onnx;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// A BERT encoder with random weights of a fixed seed, in a folder like those of sentence-transformers: knows nothing,
/// computes like the real ones. For tests and, made larger, for measuring speed without a download.
/// </summary>
public sealed record TinyBert
{
    private const float MaskedScore = -10000;
    private const float LayerNormEpsilon = 1e-12f;
    private const string SpecialTokens = "[PAD] [UNK] [CLS] [SEP] [MASK]";
    private const string Characters = "abcçdefgğhıijklmnoöprsştuüvyzqwx0123456789.,;:!?'\"()-_/%+&@#";

    private const string Words =
        "izin yıllık mesai vardiya maaş bordro avans fazla çalışma saat gün hafta ay kaç nasıl nerede zaman kim için " +
        "talep onay form şifre parola unuttum açılmıyor bilgisayar yazıcı ağ bağlantı hesap kullanıcı randevu doktor " +
        "klinik hasta tedavi implant ameliyat kontrol fiyat ödeme taksit fatura sipariş üretim makine bakım arıza hat " +
        "güvenlik iş sağlık yemek servis toplantı rapor belge imza müdür bölüm personel merhaba teşekkür lütfen evet " +
        "hayır the a to of in is are how do when where can my for leave annual request password reset forgot account " +
        "printer network shift overtime salary pay invoice order machine maintenance safety appointment clinic treatment " +
        "price hello please thanks yes no report meeting document manager department";

    private static readonly string[] Architectures = ["BertModel"];

    /// <summary>Transformer layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Length of the vectors; a multiple of <see cref="Heads"/>.</summary>
    public int Hidden { get; init; } = 32;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width of the feed-forward layers.</summary>
    public int Intermediate { get; init; } = 64;

    /// <summary>Rows of the table of positions: the longest input in tokens.</summary>
    public int Positions { get; init; } = 128;

    /// <summary>How the folder says that tokens are pooled.</summary>
    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Of the random numbers.</summary>
    public ulong Seed { get; init; } = 20261121;

    /// <summary>Writes the folder: <c>onnx/model.onnx</c>, <c>tokenizer.json</c> and settings.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "onnx"));
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        var vocabulary = Vocabulary();
        File.WriteAllBytes(Path.Combine(folder, "onnx", "model.onnx"), BuildGraph(vocabulary.Count));
        WriteJson(Path.Combine(folder, "tokenizer.json"), TokenizerJson(vocabulary));
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), new
        {
            tokenizer_class = "BertTokenizer",
            model_max_length = Positions,
            pad_token = "[PAD]",
            unk_token = "[UNK]",
            cls_token = "[CLS]",
            sep_token = "[SEP]",
            mask_token = "[MASK]",
        });
        WriteJson(Path.Combine(folder, "config.json"), new
        {
            model_type = "bert",
            architectures = Architectures,
            hidden_size = Hidden,
            num_hidden_layers = Layers,
            num_attention_heads = Heads,
            intermediate_size = Intermediate,
            max_position_embeddings = Positions,
            vocab_size = vocabulary.Count,
            type_vocab_size = 2,
            pad_token_id = 0,
        });
        WriteJson(Path.Combine(folder, "sentence_bert_config.json"), new { max_seq_length = Positions, do_lower_case = false });
        WriteJson(Path.Combine(folder, "modules.json"), new object[]
        {
            new { idx = 0, name = "0", path = "", type = "sentence_transformers.models.Transformer" },
            new { idx = 1, name = "1", path = "1_Pooling", type = "sentence_transformers.models.Pooling" },
            new { idx = 2, name = "2", path = "2_Normalize", type = "sentence_transformers.models.Normalize" },
        });
        WriteJson(Path.Combine(folder, "1_Pooling", "config.json"), new
        {
            word_embedding_dimension = Hidden,
            pooling_mode_cls_token = Pooling == Pooling.Cls,
            pooling_mode_mean_tokens = Pooling == Pooling.Mean,
        });
    }

    private static void WriteJson(string file, object content) =>
        File.WriteAllText(file, JsonSerializer.Serialize(content) + "\n");

    private static Dictionary<string, int> Vocabulary()
    {
        var characters = Characters.Select(c => c.ToString()).ToArray();
        var tokens = SpecialTokens.Split(' ')
            .Concat(characters)
            .Concat(characters.Select(c => "##" + c))
            .Concat(Words.Split(' '))
            .Concat(["##lar", "##ler", "##im", "##de", "##da", "##den", "##lik", "##ing", "##ed", "##s"]);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in tokens)
            vocabulary.TryAdd(token, vocabulary.Count);
        return vocabulary;
    }

    private static Dictionary<string, object?> TokenizerJson(Dictionary<string, int> vocabulary) => new(StringComparer.Ordinal)
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = SpecialTokens.Split(' ').Select(token => new
        {
            id = vocabulary[token],
            content = token,
            single_word = false,
            lstrip = false,
            rstrip = false,
            normalized = false,
            special = true,
        }),
        ["normalizer"] = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = true, strip_accents = false, lowercase = true },
        ["pre_tokenizer"] = new { type = "BertPreTokenizer" },
        ["post_processor"] = new
        {
            type = "BertProcessing",
            sep = new object[] { "[SEP]", vocabulary["[SEP]"] },
            cls = new object[] { "[CLS]", vocabulary["[CLS]"] },
        },
        ["decoder"] = new { type = "WordPiece", prefix = "##", cleanup = true },
        ["model"] = new
        {
            type = "WordPiece",
            unk_token = "[UNK]",
            continuing_subword_prefix = "##",
            max_input_chars_per_word = 100,
            vocab = vocabulary,
        },
    };

    private byte[] BuildGraph(int vocabulary)
    {
        var graph = new Graph(new OnnxModelBuilder("tiny-bert"), Seed);
        foreach (var input in (string[])["input_ids", "attention_mask", "token_type_ids"])
            graph.Builder.Input(input, OnnxElementType.Int64, "batch", "sequence");
        graph.Builder.Output("last_hidden_state", OnnxElementType.Float, "batch", "sequence", $"{Hidden}");

        graph.Random("words", 1, vocabulary, Hidden);
        graph.Random("types", 1, 2, Hidden);
        graph.Random("positions", 1, Positions, Hidden);
        graph.Integers("zero", 0).Integers("one", 1).Integers("mask_axes", 1, 2)
            .Integers("to_heads", 0, 0, Heads, Hidden / Heads).Integers("from_heads", 0, 0, Hidden);
        graph.Number("unit", 1).Number("masked", MaskedScore).Number("scale", 1 / MathF.Sqrt((float)Hidden / Heads))
            .Number("half", 0.5f).Number("root_2", MathF.Sqrt(2));

        graph.Node("Gather", "word_rows", "words", "input_ids");
        graph.Node("Gather", "type_rows", "types", "token_type_ids");
        graph.Node("Shape", "shape", "input_ids");
        graph.Node("Gather", "length", "shape", "one");
        graph.Node("Slice", "position_rows", "positions", "zero", "length", "zero");
        graph.Node("Add", "words_and_types", "word_rows", "type_rows");
        graph.Node("Add", "embeddings", "words_and_types", "position_rows");
        graph.LayerNorm("embeddings_norm", "embeddings", Hidden);

        graph.Builder.Node("Cast", ["attention_mask"], "mask", OnnxAttribute.Of("to", (long)OnnxElementType.Float));
        graph.Node("Unsqueeze", "mask_rows", "mask", "mask_axes");
        graph.Node("Sub", "mask_away", "unit", "mask_rows");
        graph.Node("Mul", "mask_scores", "mask_away", "masked");

        var value = "embeddings_norm";
        for (var layer = 0; layer < Layers; layer++)
            value = AddLayer(graph, $"layer{layer}_", value, layer == Layers - 1 ? "last_hidden_state" : $"layer{layer}_out");
        return graph.Builder.Build();
    }

    private string AddLayer(Graph graph, string name, string input, string output)
    {
        foreach (var part in (string[])["query", "key", "value"])
        {
            graph.Linear(name + part, input, Hidden, Hidden);
            graph.Node("Reshape", $"{name}{part}_heads", name + part, "to_heads");
            graph.Transpose($"{name}{part}_turned", $"{name}{part}_heads", part == "key" ? [0, 2, 3, 1] : [0, 2, 1, 3]);
        }

        graph.Node("MatMul", name + "products", name + "query_turned", name + "key_turned");
        graph.Node("Mul", name + "scaled", name + "products", "scale");
        graph.Node("Add", name + "scores", name + "scaled", "mask_scores");
        graph.Builder.Node("Softmax", [name + "scores"], name + "weights", OnnxAttribute.Of("axis", -1L));
        graph.Node("MatMul", name + "context", name + "weights", name + "value_turned");
        graph.Transpose(name + "context_turned", name + "context", [0, 2, 1, 3]);
        graph.Node("Reshape", name + "context_joined", name + "context_turned", "from_heads");
        graph.Linear(name + "attention", name + "context_joined", Hidden, Hidden);
        graph.Node("Add", name + "attention_sum", name + "attention", input);
        graph.LayerNorm(name + "attention_norm", name + "attention_sum", Hidden);

        // GELU: x / 2 · (1 + erf(x / √2)).
        graph.Linear(name + "up", name + "attention_norm", Hidden, Intermediate);
        graph.Node("Div", name + "up_scaled", name + "up", "root_2");
        graph.Node("Erf", name + "erf", name + "up_scaled");
        graph.Node("Add", name + "erf_1", name + "erf", "unit");
        graph.Node("Mul", name + "gate", name + "up", name + "erf_1");
        graph.Node("Mul", name + "gelu", name + "gate", "half");
        graph.Linear(name + "down", name + "gelu", Intermediate, Hidden);
        graph.Node("Add", name + "down_sum", name + "down", name + "attention_norm");
        graph.LayerNorm(output, name + "down_sum", Hidden);
        return output;
    }

    private sealed class Graph(OnnxModelBuilder builder, ulong seed)
    {
        private ulong _state = seed;

        public OnnxModelBuilder Builder { get; } = builder;

        public void Node(string type, string output, params string[] inputs) => Builder.Node(type, inputs, output);

        public void Transpose(string output, string input, long[] order) =>
            Builder.Node("Transpose", [input], output, OnnxAttribute.Of("perm", order));

        public Graph Integers(string name, params long[] values)
        {
            Builder.Constant(OnnxTensor.Of(name, values, values.Length));
            return this;
        }

        public Graph Number(string name, float value)
        {
            Builder.Constant(OnnxTensor.Of(name, [value]));
            return this;
        }

        public void Linear(string output, string input, int from, int to)
        {
            Random(output + "_weight", MathF.Sqrt(3f / from), from, to);
            Random(output + "_bias", 0.1f, to);
            Node("MatMul", output + "_product", input, output + "_weight");
            Node("Add", output, output + "_product", output + "_bias");
        }

        public void LayerNorm(string output, string input, int size)
        {
            var ones = new float[size];
            Array.Fill(ones, 1);
            Builder.Constant(OnnxTensor.Of(output + "_gain", ones, size));
            Builder.Constant(OnnxTensor.Of(output + "_shift", new float[size], size));
            Builder.Node(
                "LayerNormalization",
                [input, output + "_gain", output + "_shift"],
                output,
                OnnxAttribute.Of("axis", -1L),
                OnnxAttribute.Of("epsilon", LayerNormEpsilon));
        }

        /// <summary>Values evenly spread between -<paramref name="bound"/> and <paramref name="bound"/>.</summary>
        public void Random(string name, float bound, params long[] shape)
        {
            var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
            for (var i = 0; i < values.Length; i++)
            {
                // SplitMix64: a counter with golden-ratio steps through the mixing function; its upper 24 bits.
                _state += 0x9E3779B97F4A7C15;
                var fraction = (StableHash.Mix(_state) >> 40) / (float)(1 << 24);
                values[i] = ((2 * fraction) - 1) * bound;
            }

            Builder.Constant(OnnxTensor.Of(name, values, shape));
        }
    }
}
