using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Onnx;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class TransformerEncoderTests(TransformersPeer peer)
{
    private static readonly string[] Texts =
    [
        "Yıllık izin nasıl alınır?",
        "how do I request annual leave",
        "a",
        "şifre unuttum, hesap açılmıyor!",
        "İmplant ameliyatı sonrası kontrol randevusu ne zaman? Lütfen doktor ile görüşme talep ediyorum.",
        string.Join(' ', Enumerable.Repeat("vardiya mesai bordro maaş", 24)),
        "2026-11-21 08:30 (C#)",
        string.Join(' ', Enumerable.Repeat("please report the machine maintenance to my manager", 6)),
        "你好 😀",
    ];

    [Theory]
    [InlineData(Pooling.Mean, "mean")]
    [InlineData(Pooling.Cls, "cls")]
    public async Task Each_row_is_that_of_transformers_js_whatever_its_batch(Pooling pooling, string named)
    {
        using var files = new TransformerFiles(new TinyBert { Pooling = pooling });
        var request = new JsonObject { ["folder"] = files.Folder, ["texts"] = new JsonArray([.. Texts]), ["pooling"] = named };
        var answers = await peer.AskAsync("embed.mjs", [request.ToJsonString()]);
        var expected = answers[0].GetProperty("vectors").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(value => value.GetSingle()).ToArray()).ToArray();
        using var encoder = files.Load();
        var inputs = Texts.Select(text => encoder.Tokenize(text)).ToArray();

        var together = Run(encoder, inputs);
        var apart = inputs.Select(input => Run(encoder, [input])[0]).ToArray();
        var reversed = Run(encoder, [.. inputs.Reverse().Concat(inputs)]);
        var padded = Run(encoder, [inputs[2], inputs[4]])[0];

        for (var i = 0; i < Texts.Length; i++)
        {
            Cosine(together[i], expected[i]).ShouldBeGreaterThan(0.9999f);
            Cosine(apart[i], expected[i]).ShouldBeGreaterThan(0.9999f);
            Cosine(reversed[Texts.Length - 1 - i], expected[i]).ShouldBeGreaterThan(0.9999f);
            Cosine(reversed[Texts.Length + i], expected[i]).ShouldBeGreaterThan(0.9999f);
        }

        Cosine(padded, expected[2]).ShouldBeGreaterThan(0.9999f);
        Cosine(expected[0], expected[1]).ShouldBeLessThan(0.99f);
    }

    [Fact]
    public void Vectors_are_of_unit_length_and_the_manifest_describes_the_model()
    {
        using var files = new TransformerFiles();
        using var encoder = files.Load(new TransformerOptions { Version = "abc", Dimensions = 32 });

        TensorPrimitives.Norm(Encode(encoder, "izin")).ShouldBe(1, 1e-5);
        encoder.Dimensions.ShouldBe(32);
        encoder.Manifest.Name.ShouldBe("tiny");
        encoder.Manifest.Version.ShouldBe("abc");
        encoder.Manifest.Sha256.ShouldBe(Mefapex.Inference.Catalogue.ModelFolder.Sha256Of(File.ReadAllBytes(files.Model)));
        encoder.Manifest.Inputs.Select(input => input.Name).ShouldBe(["input_ids", "attention_mask", "token_type_ids"]);
        encoder.Manifest.Outputs.ShouldHaveSingleItem().Shape.ShouldBe(["batch", "sequence", "32"]);
    }

    [Fact]
    public void A_long_text_is_cut_to_the_models_tokens()
    {
        using var files = new TransformerFiles();
        using var encoder = files.Load();

        var input = encoder.Tokenize(string.Concat(Enumerable.Repeat("yıllık izin ", 1_000_000)));

        input.Length.ShouldBe(128);
        input.Truncated.ShouldBeTrue();
        input.Ids[^1].ShouldBe(encoder.Tokenize("izin").Ids[^1]);
        Run(encoder, [input])[0].Length.ShouldBe(32);
        encoder.Tokenize("izin").Truncated.ShouldBeFalse();
    }

    [Fact]
    public void The_smallest_of_the_lengths_that_are_said_counts()
    {
        using var files = new TransformerFiles();
        files.Change("sentence_bert_config.json", json => json["max_seq_length"] = 100);
        using (var encoder = files.Load())
            encoder.MaxTokens.ShouldBe(100);
        using (var encoder = files.Load(new TransformerOptions { MaxTokens = 20 }))
            encoder.MaxTokens.ShouldBe(20);

        File.Delete(files.In("sentence_bert_config.json"));
        files.Change("tokenizer_config.json", json => json["model_max_length"] = 1e30);
        files.Change("config.json", json =>
        {
            json["model_type"] = "xlm-roberta";
            json["pad_token_id"] = 1;
        });
        using (var encoder = files.Load())
            encoder.MaxTokens.ShouldBe(126);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("\u200B\u0001")]
    public void A_text_of_nothing_is_refused(string text)
    {
        using var files = new TransformerFiles();
        using var encoder = files.Load();

        Should.Throw<ArgumentException>(() => encoder.Tokenize(text));
    }

    [Fact]
    public void Prompts_stand_before_the_text_by_its_role()
    {
        using var files = new TransformerFiles();
        files.Change("config_sentence_transformers.json", json =>
            json["prompts"] = new JsonObject { ["query"] = "how: ", ["document"] = "report: " });
        using var plain = new TransformerFiles();
        using var encoder = files.Load();
        using var bare = plain.Load();

        encoder.Tokenize("izin").Ids.ShouldBe(bare.Tokenize("how: izin").Ids);
        encoder.Tokenize("izin", TextRole.Passage).Ids.ShouldBe(bare.Tokenize("report: izin").Ids);
        using var told = files.Load(new TransformerOptions { QueryPrompt = "", PassagePrompt = "a " });
        told.Tokenize("izin").Ids.ShouldBe(bare.Tokenize("izin").Ids);
        told.Tokenize("izin", TextRole.Passage).Ids.ShouldBe(bare.Tokenize("a izin").Ids);
    }

    [Fact]
    public void The_models_of_the_E5_family_get_their_prompts_by_name()
    {
        using var files = new TransformerFiles(name: "multilingual-e5-small");
        using var plain = new TransformerFiles();
        using var encoder = files.Load();
        using var bare = plain.Load();

        encoder.Tokenize("izin").Ids.ShouldBe(bare.Tokenize("query: izin").Ids);
        encoder.Tokenize("izin", TextRole.Passage).Ids.ShouldBe(bare.Tokenize("passage: izin").Ids);
    }

    [Fact]
    public void A_dense_layer_comes_behind_the_pooling()
    {
        using var files = new TransformerFiles();
        float[] weight = [.. Enumerable.Range(0, 2 * 32).Select(i => MathF.Sin(i))];
        files.Change("2_Dense/config.json", json => json["activation_function"] = "torch.nn.modules.activation.Tanh");
        File.WriteAllBytes(files.In("2_Dense", "model.safetensors"), TransformerFiles.SafeTensors(
            """{"linear.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]},"linear.bias":{"dtype":"F32","shape":[2],"data_offsets":[256,264]}}""",
            [.. weight, 0.5f, -0.25f]));
        File.WriteAllText(files.In("modules.json"), """
            [{"path":"","type":"sentence_transformers.models.Transformer"},
             {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
             {"path":"2_Dense","type":"sentence_transformers.models.Dense"}]
            """);
        using var encoder = files.Load();

        encoder.Dimensions.ShouldBe(2);
        TensorPrimitives.Norm(Encode(encoder, "izin")).ShouldBe(1, 1e-5);

        // Pooled vectors before they get unit length are not seen from outside, but their direction is: scan the length.
        using var plain = new TransformerFiles();
        using var bare = plain.Load();
        var direction = Encode(bare, "izin");
        var vector = Encode(encoder, "izin");
        var closest = Enumerable.Range(1, 4000).Max(step =>
        {
            var x = TensorPrimitives.Dot(direction, weight.AsSpan(0, 32)) * step / 400f;
            var y = TensorPrimitives.Dot(direction, weight.AsSpan(32)) * step / 400f;
            return Cosine(vector, [MathF.Tanh(x + 0.5f), MathF.Tanh(y - 0.25f)]);
        });
        closest.ShouldBeGreaterThan(0.9999f);
    }

    [Fact]
    public void A_graph_that_pools_by_itself_is_taken_as_it_is()
    {
        using var files = new TransformerFiles();
        WriteGraph(files, graph => graph
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Output("sentence_embedding", OnnxElementType.Float, "batch", "32")
            .Node("Gather", ["table", "input_ids"], "rows")
            .Node("ReduceMax", ["rows"], "sentence_embedding", OnnxAttribute.Of("axes", [1L]), OnnxAttribute.Of("keepdims", 0L)));
        using var encoder = files.Load();

        // Of tokens 2, 3 and that of the word the row with the largest values is the word's.
        var word = encoder.Tokenize("izin").Ids[1];
        Encode(encoder, "izin")[5].ShouldBe(Row(word)[5] / TensorPrimitives.Norm(Row(word)), 1e-5);
    }

    [Fact]
    public void Narrow_inputs_and_positions_are_given_as_the_graph_asks()
    {
        using var files = new TransformerFiles();
        WriteGraph(files, graph => graph
            .Input("input_ids", OnnxElementType.Int32, "batch", "sequence")
            .Input("position_ids", OnnxElementType.Int32, "batch", "sequence")
            .Output("token_embeddings", OnnxElementType.Float, "batch", "sequence", "32")
            .Node("Gather", ["table", "position_ids"], "token_embeddings"));
        using var encoder = files.Load(new TransformerOptions { Pooling = Pooling.Mean });

        var vectors = Run(encoder, [encoder.Tokenize("izin"), encoder.Tokenize("izin izin")]);

        float[] Mean(params long[] rows) => [.. Enumerable.Range(0, 32).Select(i => rows.Average(row => Row(row)[i]))];
        Cosine(vectors[0], Mean(0, 1, 2)).ShouldBe(1, 1e-5);
        Cosine(vectors[1], Mean(0, 1, 2, 3)).ShouldBe(1, 1e-5);
        Cosine(vectors[0], Mean(0, 1, 2, 3)).ShouldBeLessThan(0.9999f);
    }

    [Fact]
    public void A_folder_tells_which_kind_of_encoder_it_holds()
    {
        using var files = new TransformerFiles();
        using var bundled = new ModelsFolder();

        using (var encoder = TextEncoders.Load(files.Folder, options: new TransformerOptions { MaxTokens = 9 }))
            encoder.ShouldBeOfType<TransformerEncoder>().MaxTokens.ShouldBe(9);
        using (var encoder = TextEncoders.Load(bundled.Encoder))
            encoder.ShouldBeOfType<SubwordEncoder>();
        TextEncoders.BytesOf(files.Folder).ShouldBe(new FileInfo(files.Model).Length);
        TextEncoders.BytesOf(bundled.Encoder).ShouldBe(new FileInfo(bundled.Model).Length);
        File.WriteAllBytes(files.Model + "_data", new byte[100]);
        TextEncoders.BytesOf(files.Folder).ShouldBe(new FileInfo(files.Model).Length + 100);
    }

    [Fact]
    public void A_cancelled_run_ends()
    {
        using var files = new TransformerFiles();
        using var encoder = files.Load();
        using var source = new CancellationTokenSource();
        source.Cancel();

        Should.Throw<OperationCanceledException>(() => encoder.Run([encoder.Tokenize("izin")], source.Token));
    }

    [Fact]
    public void Batches_from_many_threads_do_not_disturb_each_other()
    {
        using var files = new TransformerFiles();
        using var encoder = files.Load(new TransformerOptions { Threads = 2 });
        var inputs = Texts.Select(text => encoder.Tokenize(text)).ToArray();
        var alone = Run(encoder, inputs);
        var results = new float[16][][];

        Parallel.For(0, results.Length, i => results[i] = Run(encoder, inputs));

        foreach (var result in results)
        {
            for (var i = 0; i < inputs.Length; i++)
                Cosine(result[i], alone[i]).ShouldBeGreaterThan(0.99999f);
        }
    }

    internal static void WriteGraph(TransformerFiles files, Func<OnnxModelBuilder, OnnxModelBuilder> build) =>
        File.WriteAllBytes(files.Model, build(new OnnxModelBuilder("test")
            .Constant(OnnxTensor.Of("table", (float[])[.. Enumerable.Range(0, 400).SelectMany(row => Row(row))], 400, 32))).Build());

    private static float[] Row(long token) => [.. Enumerable.Range(0, 32).Select(i => token + MathF.Sin((token * 7) + i))];

    private static float[] Encode(TransformerEncoder encoder, string text) => Run(encoder, [encoder.Tokenize(text)])[0];

    private static float[][] Run(TransformerEncoder encoder, IReadOnlyList<EncoderInput> inputs) =>
        encoder.Run(inputs, TestContext.Current.CancellationToken);

    private static float Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right) =>
        TensorPrimitives.CosineSimilarity(left, right);
}
