using System.Text.Json.Nodes;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Onnx;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class BrokenTransformerTests : IDisposable
{
    private readonly TransformerFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_missing_tokenizer_is_named()
    {
        File.Delete(_files.In("tokenizer.json"));

        Fails(ModelFault.Missing, _files.In("tokenizer.json"));
    }

    [Fact]
    public void A_damaged_tokenizer_is_named()
    {
        File.WriteAllText(_files.In("tokenizer.json"), "{\"model\":");

        Fails(ModelFault.Damaged, _files.In("tokenizer.json"));
    }

    [Fact]
    public void A_tokenizer_component_that_is_not_known_is_named()
    {
        _files.Change("tokenizer.json", json => json["normalizer"] = new JsonObject { ["type"] = "Rot13" });

        Fails(ModelFault.Unsuitable, _files.In("tokenizer.json"), "Rot13");
    }

    [Fact]
    public void A_missing_graph_or_configuration_is_named()
    {
        File.Delete(_files.Model);
        Fails(ModelFault.Missing, "onnx");

        File.Delete(_files.In("config.json"));
        Fails(ModelFault.Missing, "config.json");
    }

    [Fact]
    public void A_damaged_configuration_is_named()
    {
        File.WriteAllText(_files.In("1_Pooling", "config.json"), "{");
        Fails(ModelFault.Damaged, _files.In("1_Pooling", "config.json"));

        File.WriteAllText(_files.In("1_Pooling", "config.json"), """{"pooling_mode_mean_tokens":true,"word_embedding_dimension":3.5}""");
        Fails(ModelFault.Damaged, _files.Folder);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void A_graph_that_is_cut_short_is_damaged(int length)
    {
        File.WriteAllBytes(_files.Model, File.ReadAllBytes(_files.Model)[..length]);

        Fails(ModelFault.Damaged, _files.Model);
    }

    [Fact]
    public void An_operator_that_is_not_known_is_named()
    {
        TransformerEncoderTests.WriteGraph(_files, graph => graph
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Output("last_hidden_state", OnnxElementType.Float, "batch", "sequence", "32")
            .Node("Divinate", ["input_ids"], "last_hidden_state"));

        Fails(ModelFault.Unsuitable, _files.Model, "Divinate");
    }

    [Fact]
    public void An_input_that_is_not_known_is_named()
    {
        TransformerEncoderTests.WriteGraph(_files, graph => graph
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Input("pixel_values", OnnxElementType.Float, "batch", "sequence", "32")
            .Output("last_hidden_state", OnnxElementType.Float, "batch", "sequence", "32")
            .Node("Identity", ["pixel_values"], "last_hidden_state"));

        Fails(ModelFault.Unsuitable, "pixel_values");
    }

    [Fact]
    public void A_graph_without_vectors_is_refused_with_what_it_gives()
    {
        TransformerEncoderTests.WriteGraph(_files, graph => graph
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Output("logits", OnnxElementType.Float, "batch", "sequence")
            .Node("Cast", ["input_ids"], "logits", OnnxAttribute.Of("to", (long)OnnxElementType.Float)));

        Fails(ModelFault.Unsuitable, "logits");
    }

    [Theory]
    [InlineData("Sqrt", "not a number")]
    [InlineData("Sub", "all zero")]
    public void An_output_that_is_no_direction_is_found_out(string operation, string cause)
    {
        TransformerEncoderTests.WriteGraph(_files, graph =>
        {
            graph.Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
                .Output("last_hidden_state", OnnxElementType.Float, "batch", "sequence", "32")
                .Node("Gather", ["table", "input_ids"], "rows")
                .Node("Neg", ["rows"], "below");
            return operation == "Sqrt"
                ? graph.Node("Sqrt", ["below"], "last_hidden_state")
                : graph.Node("Sub", ["below", "below"], "last_hidden_state");
        });

        Fails(ModelFault.WrongOutput, _files.Model, cause);
    }

    [Fact]
    public void A_dimension_other_than_asked_for_or_announced_is_refused_with_both()
    {
        Fails(ModelFault.Unsuitable, new TransformerOptions { Dimensions = 384 }, "32", "384");

        _files.Change("1_Pooling/config.json", json => json["word_embedding_dimension"] = 768);
        Fails(ModelFault.Unsuitable, "32", "768");
    }

    [Fact]
    public void A_tokenizer_of_another_model_is_refused_with_both_sizes()
    {
        _files.Change("config.json", json => json["vocab_size"] = 100);

        Fails(ModelFault.Unsuitable, "knows 100 tokens");
    }

    [Fact]
    public void Ways_of_pooling_and_modules_that_are_not_known_are_named()
    {
        _files.Change("1_Pooling/config.json", json => json["pooling_mode_max_tokens"] = true);
        Fails(ModelFault.Unsuitable, "mean_tokens, max_tokens");

        File.WriteAllText(_files.In("modules.json"), """[{"path":"","type":"sentence_transformers.models.LSTM"}]""");
        Fails(ModelFault.Unsuitable, "sentence_transformers.models.LSTM");
    }

    [Fact]
    public void A_limit_that_the_special_tokens_fill_is_refused()
    {
        _files.Change("sentence_bert_config.json", json => json["max_seq_length"] = 2);

        Fails(ModelFault.Unsuitable, "2 tokens");
    }

    [Fact]
    public void Weights_of_a_dense_layer_are_checked()
    {
        _files.Change("2_Dense/config.json", json => json["activation_function"] = "torch.nn.modules.linear.Identity");
        File.Delete(_files.In("modules.json"));
        var weights = _files.In("2_Dense", "model.safetensors");
        Fails(ModelFault.Missing, weights);

        foreach (var damaged in (byte[][])
            [
                [1, 2, 3],
                TransformerFiles.SafeTensors("{"),
                TransformerFiles.SafeTensors("""{"linear.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]}}"""),
                TransformerFiles.SafeTensors("""{"linear.weight":{"dtype":"F32","shape":[3,1],"data_offsets":[0,8]}}""", 1, 2),
            ])
        {
            File.WriteAllBytes(weights, damaged);
            Fails(ModelFault.Damaged, weights);
        }

        File.WriteAllBytes(weights, TransformerFiles.SafeTensors("""{"linear.weight":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 1, 2));
        Fails(ModelFault.Unsuitable, "I64");
        File.WriteAllBytes(weights, TransformerFiles.SafeTensors("""{"linear.weight":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]}}""", 1, 2));
        Fails(ModelFault.Unsuitable, "its dense layer takes 2");
        _files.Change("2_Dense/config.json", json => json["activation_function"] = "torch.nn.Odd");
        Fails(ModelFault.Unsuitable, "Odd");
    }

    private void Fails(ModelFault fault, params string[] named) => Fails(fault, new TransformerOptions(), named);

    private void Fails(ModelFault fault, TransformerOptions options, params string[] named)
    {
        var exception = Should.Throw<ModelException>(() => _files.Load(options).Dispose());

        exception.Fault.ShouldBe(fault, exception.Message);
        foreach (var part in named)
            exception.Message.ShouldContain(part);
    }
}
