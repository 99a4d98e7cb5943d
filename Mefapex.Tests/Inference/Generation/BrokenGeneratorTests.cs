using System.Runtime.CompilerServices;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;
using Mefapex.Inference.Onnx;

namespace Mefapex.Tests.Inference.Generation;

public sealed class BrokenGeneratorTests : IDisposable
{
    private readonly EchoFolder _folder = new(contextLength: 64);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_folder_says_what_the_model_is()
    {
        var folder = GeneratorFolder.Open(_folder.Path + Path.DirectorySeparatorChar);

        folder.Name.ShouldBe("echo");
        folder.ModelType.ShouldBe("llama");
        folder.VocabularySize.ShouldBe(EchoModelExporter.VocabularySize);
        folder.ContextLength.ShouldBe(64);
        folder.EndTokens.ShouldBe([256]);
        folder.ChatTemplate.ShouldBe(EchoModelExporter.ChatTemplate);
        folder.Bytes.ShouldBe(Directory.EnumerateFiles(_folder.Path).Sum(file => new FileInfo(file).Length));
        folder.Bytes.ShouldBeLessThan(1_000_000);
    }

    [Theory]
    [InlineData("genai_config.json")]
    [InlineData("model.onnx")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void A_missing_file_is_named(string name)
    {
        File.Delete(_folder.File(name));

        Fails(ModelFault.Missing, _folder.File(name));
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        var exception = Should.Throw<ModelException>(() => OnnxChatClient.Load(_folder.File("absent")));

        exception.Fault.ShouldBe(ModelFault.Missing);
        exception.Message.ShouldContain(_folder.File("absent"));
    }

    [Theory]
    [InlineData("genai_config.json", "{")]
    [InlineData("genai_config.json", "[]")]
    [InlineData("tokenizer_config.json", "{\"a\":")]
    [InlineData("tokenizer.json", "{")]
    public void A_file_that_cannot_be_read_is_damaged(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);

        Fails(ModelFault.Damaged, _folder.Path);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("decoder")]
    [InlineData("filename")]
    [InlineData("type")]
    [InlineData("vocab_size")]
    [InlineData("context_length")]
    public void A_configuration_that_lacks_something_says_what(string name)
    {
        _folder.Replace("genai_config.json", $"\"{name}\":", $"\"{name}_\":");

        Fails(ModelFault.Unsuitable, name, "genai_config.json");
    }

    [Fact]
    public void A_model_of_several_graphs_is_unsuitable()
    {
        _folder.Replace("genai_config.json", "\"decoder\": {", "\"vision\": { \"filename\": \"vision.onnx\" }, \"decoder\": {");

        Fails(ModelFault.Unsuitable, "vision.onnx, model.onnx");
    }

    [Fact]
    public void A_truncated_model_is_damaged()
    {
        File.WriteAllBytes(_folder.File("model.onnx"), File.ReadAllBytes(_folder.File("model.onnx"))[..100_000]);

        Fails(ModelFault.Damaged, _folder.File("model.onnx"), "Download or export it again");
    }

    [Fact]
    public void A_file_that_is_no_model_is_damaged()
    {
        File.WriteAllText(_folder.File("model.onnx"), "not a model");

        Fails(ModelFault.Damaged, _folder.File("model.onnx"));
    }

    [Fact]
    public void An_unknown_type_of_model_is_named()
    {
        _folder.Replace("genai_config.json", "\"llama\"", "\"lama\"");

        Fails(ModelFault.Unsuitable, "type lama");
    }

    [Theory]
    [InlineData(300)]
    [InlineData(259)]
    public void A_vocabulary_of_another_size_than_the_model_has_is_told_with_both_numbers(int size)
    {
        _folder.Replace("genai_config.json", "\"vocab_size\": 260", $"\"vocab_size\": {size}");

        Fails(ModelFault.Unsuitable, $"vocab_size {size}", "260 logits");
    }

    [Fact]
    public void An_end_token_outside_of_the_vocabulary_is_unsuitable()
    {
        _folder.Replace("genai_config.json", "\"eos_token_id\": 256", "\"eos_token_id\": [256, 260]");

        Fails(ModelFault.Unsuitable, "eos_token_id 260");
    }

    [Fact]
    public void A_model_without_the_logits_that_the_configuration_asks_for_is_unsuitable()
    {
        _folder.Replace("genai_config.json", "\"logits\": \"logits\"", "\"logits\": \"scores\"");

        Fails(ModelFault.Unsuitable, "scores", "present.0.key");
    }

    [Fact]
    public void A_cache_of_other_names_than_the_model_has_is_found_when_it_is_loaded()
    {
        _folder.Replace("genai_config.json", "past_key_values.%d.key", "past.%d.key");

        Fails(ModelFault.Unsuitable, _folder.Path);
    }

    [Fact]
    public void A_graph_with_an_unknown_operator_is_unsuitable()
    {
        File.WriteAllBytes(_folder.File("model.onnx"), new OnnxModelBuilder("odd")
            .Input("input_ids", OnnxElementType.Int64, "batch", "sequence")
            .Output("logits", OnnxElementType.Float, "batch", "sequence", "260")
            .Node("Divinate", ["input_ids"], "logits")
            .Build());

        Fails(ModelFault.Unsuitable, "Divinate");
    }

    [Fact]
    public void A_model_whose_logits_are_no_numbers_is_found_when_it_is_loaded()
    {
        var bytes = File.ReadAllBytes(_folder.File("model.onnx"));
        var sure = BitConverter.GetBytes((float)Math.Log(EchoModelExporter.TextProbability));
        var replaced = 0;
        for (var at = bytes.AsSpan().IndexOf(sure); at >= 0; at = bytes.AsSpan().IndexOf(sure))
        {
            BitConverter.GetBytes(float.NaN).CopyTo(bytes, at);
            replaced++;
        }

        replaced.ShouldBe(EchoModelExporter.VocabularySize - 10);
        File.WriteAllBytes(_folder.File("model.onnx"), bytes);

        Fails(ModelFault.WrongOutput, "not numbers");
    }

    [Fact]
    public void A_tokenizer_that_the_runtime_refuses_does_not_end_the_process_when_it_is_collected()
    {
        File.WriteAllText(_folder.File("tokenizer.json"), "{\"model\":{\"type\":\"Divination\"}}");

        LoadAndForget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LoadAndForget() => Should.Throw<ModelException>(() => _folder.Load()).Message.ShouldContain(_folder.Path);

    private void Fails(ModelFault fault, params string[] named)
    {
        var exception = Should.Throw<ModelException>(() => _folder.Load());

        exception.Fault.ShouldBe(fault, exception.Message);
        foreach (var part in named)
            exception.Message.ShouldContain(part);
    }
}
