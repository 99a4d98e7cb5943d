using Mefapex.Inference.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Tests.Inference.Onnx;

public sealed class OnnxModelBuilderTests
{
    [Fact]
    public void A_written_graph_runs_in_ONNX_Runtime()
    {
        var bytes = new OnnxModelBuilder("affine")
            .Input("x", OnnxElementType.Float, "rows", "2")
            .Output("y", OnnxElementType.Float, "rows", "2")
            .Constant(OnnxTensor.Of("matrix", [1f, 2f, 3f, 4f], 2, 2))
            .Constant(OnnxTensor.Of("bias", [0.5f, -0.5f], 2))
            .Node(
                "Gemm",
                ["x", "matrix", "bias"],
                "y",
                OnnxAttribute.Of("alpha", 2f),
                OnnxAttribute.Of("transB", 1L))
            .Metadata("made_by", "a test")
            .Build();

        using var session = new InferenceSession(bytes);
        Run(session, "x", [1f, 1f], [1, 2], "y").ShouldBe([6.5f, 13.5f]);
        session.InputMetadata["x"].SymbolicDimensions.ShouldBe(["rows", ""]);
        session.InputMetadata["x"].Dimensions.ShouldBe([-1, 2]);
        session.ModelMetadata.GraphName.ShouldBe("affine");
        session.ModelMetadata.ProducerName.ShouldBe("mefapex");
        session.ModelMetadata.CustomMetadataMap["made_by"].ShouldBe("a test");
    }

    [Fact]
    public void Constants_of_every_element_type_arrive_as_they_were_written()
    {
        var model = new OnnxModelBuilder("constants").Input("x", OnnxElementType.Float, "1").Output("y", OnnxElementType.Float, "5");
        model.Constant(OnnxTensor.Of("int8", [(sbyte)-128], 1))
            .Constant(OnnxTensor.Of("uint8", [(byte)255], 1))
            .Constant(OnnxTensor.Of("int32", [int.MinValue], 1))
            .Constant(OnnxTensor.Of("int64", [-3_000_000_000L], 1));
        string[] parts = ["int8", "uint8", "int32", "int64"];
        foreach (var part in parts)
            model.Node("Cast", [part], part + "_float", OnnxAttribute.Of("to", (long)OnnxElementType.Float));
        model.Node("Concat", ["x", .. parts.Select(part => part + "_float")], "y", OnnxAttribute.Of("axis", 0L));

        using var session = new InferenceSession(model.Build());
        Run(session, "x", [1f], [1], "y").ShouldBe([1f, -128f, 255f, int.MinValue, -3_000_000_000f]);
    }

    [Fact]
    public void List_string_and_tensor_attributes_are_understood()
    {
        var bytes = new OnnxModelBuilder("attributes", opset: 12)
            .Import("com.microsoft", 1)
            .Input("x", OnnxElementType.Float, "1", "2")
            .Output("y", OnnxElementType.Float, "2", "1")
            .Output("z", OnnxElementType.Float, "2")
            .Node("Constant", [], "ten", OnnxAttribute.Of("value", OnnxTensor.Of("", [10f])))
            .Node("Constant", [], "list", OnnxAttribute.Of("value_floats", (float[])[7f, 8f]))
            .Node("Transpose", ["x"], "turned", OnnxAttribute.Of("perm", (long[])[1, 0]))
            .Node("Mul", ["turned", "ten"], "y")
            .Node(new OnnxNode("Gelu", ["list"], ["ignored"], [], "com.microsoft"))
            .Node("Identity", ["list"], "z")
            .Build();

        using var session = new InferenceSession(bytes);
        Run(session, "x", [1f, 2f], [1, 2], "y").ShouldBe([10f, 20f]);
        Run(session, "x", [1f, 2f], [1, 2], "z").ShouldBe([7f, 8f]);
    }

    [Fact]
    public void The_same_calls_give_the_same_bytes()
    {
        static byte[] Build() => new OnnxModelBuilder("g")
            .Input("x", OnnxElementType.Float, "n")
            .Output("y", OnnxElementType.Float, "n")
            .Node("Abs", ["x"], "y")
            .Build();

        Build().ShouldBe(Build());
    }

    [Fact]
    public void A_tensor_whose_values_do_not_fill_its_shape_is_refused() =>
        Should.Throw<ArgumentException>(() => OnnxTensor.Of("t", [1f, 2f, 3f], 2, 2))
            .Message.ShouldContain("3 values, its shape [2, 2] needs 4");

    private static float[] Run(InferenceSession session, string input, float[] values, long[] shape, string output)
    {
        using var value = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [input], [value], [output]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
