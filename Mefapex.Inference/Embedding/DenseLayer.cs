using System.Numerics.Tensors;
using System.Text.Json;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>The layer that some sentence encoders put behind the pooling: <c>f(Wx + b)</c>.</summary>
internal sealed class DenseLayer
{
    private readonly float[] _weight;
    private readonly float[]? _bias;
    private readonly string _activation;

    private DenseLayer(int inputs, int outputs, float[] weight, float[]? bias, string activation)
    {
        Inputs = inputs;
        Outputs = outputs;
        _weight = weight;
        _bias = bias;
        _activation = activation;
    }

    /// <summary>Length of the vectors it takes.</summary>
    public int Inputs { get; }

    /// <summary>Length of the vectors it makes.</summary>
    public int Outputs { get; }

    /// <summary>Reads a folder such as <c>2_Dense</c>: <c>config.json</c> and <c>model.safetensors</c>.</summary>
    public static DenseLayer Read(string folder)
    {
        using var config = TransformerFolder.ReadJson(Path.Combine(folder, "config.json"))
            ?? throw new ModelException(
                ModelFault.Missing,
                $"dense layer {folder} has no config.json; download the model with all its files.");
        var activation = config.RootElement.TryGetProperty("activation_function", out var named) ? named.GetString() : null;
        // The file names a Python class.
        activation = activation?[(activation.LastIndexOf('.') + 1)..] ?? "Tanh";
        if (activation is not ("Identity" or "Tanh" or "ReLU" or "Sigmoid"))
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"dense layer {folder} has the activation {activation}; Identity, Tanh, ReLU and Sigmoid are known here.");
        }

        var file = Path.Combine(folder, "model.safetensors");
        var tensors = SafeTensors.Read(file);
        if (!tensors.TryGetValue("linear.weight", out var weight) || weight.Shape.Length != 2)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"weights file {file} has no matrix linear.weight; it is not one of a dense layer. Download it again.");
        }

        var bias = tensors.GetValueOrDefault("linear.bias");
        if (bias is not null && bias.Values.Length != weight.Shape[0])
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"weights file {file} has {bias.Values.Length} values in linear.bias for {weight.Shape[0]} rows. Download it again.");
        }

        return new DenseLayer(weight.Shape[1], weight.Shape[0], weight.Values, bias?.Values, activation);
    }

    /// <summary>What the layer makes of a vector of <see cref="Inputs"/> values.</summary>
    public float[] Apply(ReadOnlySpan<float> vector)
    {
        var result = new float[Outputs];
        for (var row = 0; row < Outputs; row++)
            result[row] = TensorPrimitives.Dot(vector, _weight.AsSpan(row * Inputs, Inputs));
        if (_bias is not null)
            TensorPrimitives.Add(result, _bias, result);
        switch (_activation)
        {
            case "Tanh":
                TensorPrimitives.Tanh(result, result);
                break;
            case "ReLU":
                TensorPrimitives.Max(result, 0, result);
                break;
            case "Sigmoid":
                TensorPrimitives.Sigmoid(result, result);
                break;
        }

        return result;
    }
}
