using Mefapex.Inference.Onnx;

namespace Mefapex.Tests.Inference.Onnx;

public sealed class OnnxOutlineTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mefapex-outline-{Guid.NewGuid():N}.onnx");

    private static byte[] Model { get; } = new OnnxModelBuilder("outline")
        .Input("x", OnnxElementType.Float, "batch", "3")
        .Output("y", OnnxElementType.Float, "batch", "7")
        .Output("z", OnnxElementType.Float)
        .Constant(OnnxTensor.Of("weights", new float[21], 3, 7))
        .Node("MatMul", ["x", "weights"], "y")
        .Node("ReduceSum", ["y"], "z", OnnxAttribute.Of("keepdims", 0L))
        .Build();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Outputs_are_read_with_their_fixed_and_free_dimensions()
    {
        File.WriteAllBytes(_file, Model);

        var outputs = OnnxOutline.ReadOutputs(_file);

        outputs.Keys.ShouldBe(["y", "z"], ignoreOrder: true);
        outputs["y"].ShouldBe([null, 7L]);
        outputs["z"].ShouldBeEmpty();
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_invalid_or_lacks_nothing_of_the_graph()
    {
        for (var length = 0; length < Model.Length; length++)
        {
            File.WriteAllBytes(_file, Model[..length]);
            try
            {
                OnnxOutline.ReadOutputs(_file).Count.ShouldBe(2);
            }
            catch (InvalidDataException exception)
            {
                exception.Message.ShouldNotBeEmpty();
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a model")]
    [InlineData("{\"a\":1}")]
    public void What_is_no_ONNX_file_is_invalid(string content)
    {
        File.WriteAllText(_file, content);

        Should.Throw<InvalidDataException>(() => OnnxOutline.ReadOutputs(_file));
    }
}
