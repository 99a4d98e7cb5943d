using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Onnx;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class BrokenEncoderTests : IDisposable
{
    private static readonly int Buckets = EncoderExporter.TrainedSubwords.Buckets;

    private readonly ModelsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_untouched_copy_loads()
    {
        using var encoder = SubwordEncoder.Load(_folder.Encoder);

        encoder.Manifest.Sha256.ShouldBe(ModelFolder.Sha256Of(File.ReadAllBytes(_folder.Model)));
    }

    [Fact]
    public void A_flipped_bit_is_named_with_both_hashes()
    {
        var bytes = File.ReadAllBytes(_folder.Model);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(_folder.Model, bytes);

        Fails(ModelFault.Damaged, _folder.Model, ModelFolder.Sha256Of(bytes), ModelManifest.Read(_folder.Encoder).Sha256);
    }

    [Fact]
    public void A_truncated_file_is_damaged()
    {
        File.WriteAllBytes(_folder.Model, File.ReadAllBytes(_folder.Model)[..1000]);

        Fails(ModelFault.Damaged, "1000 bytes");
    }

    [Fact]
    public void A_wrong_hash_in_the_manifest_is_damage()
    {
        _folder.Change(manifest => manifest with { Sha256 = new string('0', 64) });

        Fails(ModelFault.Damaged, new string('0', 64));
    }

    [Fact]
    public void A_missing_model_file_is_named()
    {
        File.Delete(_folder.Model);

        Fails(ModelFault.Missing, _folder.Model);
    }

    [Fact]
    public void A_missing_manifest_is_named()
    {
        File.Delete(_folder.Manifest);

        Fails(ModelFault.Missing, _folder.Manifest);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public void A_manifest_that_cannot_be_read_is_damaged(string content)
    {
        File.WriteAllText(_folder.Manifest, content);

        Fails(ModelFault.Damaged, _folder.Manifest);
    }

    [Fact]
    public void A_model_for_another_task_is_unsuitable()
    {
        _folder.Change(manifest => manifest with { Task = ModelTasks.LanguageIdentification });

        Fails(ModelFault.Unsuitable, ModelTasks.LanguageIdentification);
    }

    [Fact]
    public void A_whole_file_that_is_no_model_is_unsuitable()
    {
        _folder.Replace("not a model"u8.ToArray());

        Fails(ModelFault.Unsuitable, _folder.Model);
    }

    [Fact]
    public void A_graph_with_an_unknown_operator_is_unsuitable()
    {
        _folder.Replace(new OnnxModelBuilder("odd")
            .Input("ids", OnnxElementType.Int64, "n")
            .Output("embedding", OnnxElementType.Float, "n")
            .Node("Divinate", ["ids"], "embedding")
            .Build());

        Fails(ModelFault.Unsuitable, "Divinate");
    }

    [Fact]
    public void Vectors_of_another_length_than_the_manifest_says_are_unsuitable()
    {
        _folder.Replace(EncoderExporter.BuildGraph(new sbyte[Buckets * 8], Ones(Buckets), 8));

        Fails(ModelFault.Unsuitable, "256");
    }

    [Fact]
    public void Another_table_is_found_out_by_the_test_vectors()
    {
        var table = new sbyte[Buckets * 256];
        Array.Fill(table, (sbyte)1);
        _folder.Replace(EncoderExporter.BuildGraph(table, Ones(Buckets), 256));

        Fails(ModelFault.WrongOutput, "Yıllık izin");
    }

    [Fact]
    public void A_table_with_fewer_rows_than_the_manifest_says_is_found_out()
    {
        _folder.Replace(EncoderExporter.BuildGraph(new sbyte[16 * 256], Ones(16), 256));

        Fails(ModelFault.WrongOutput);
    }

    [Fact]
    public void A_graph_that_computes_no_number_is_found_out()
    {
        _folder.Replace(EncoderExporter.BuildGraph(new sbyte[Buckets * 256], [.. Enumerable.Repeat(float.NaN, Buckets)], 256));

        Fails(ModelFault.WrongOutput, "not a number");
    }

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    private void Fails(ModelFault fault, params string[] named)
    {
        var exception = Should.Throw<ModelException>(() => SubwordEncoder.Load(_folder.Encoder));

        exception.Fault.ShouldBe(fault);
        foreach (var part in named)
            exception.Message.ShouldContain(part);
    }
}
