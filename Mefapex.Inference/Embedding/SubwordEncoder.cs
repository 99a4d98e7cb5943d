using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// An encoder over hashed sub-words: needs no vocabulary, reads any language, and is small enough to be part of the
/// program.
/// </summary>
public sealed class SubwordEncoder : ITextEncoder
{
    private const float TestTolerance = 1e-4f;

    private static readonly string[] InputNames = ["ids", "weights"];
    private static readonly string[] OutputNames = ["embedding"];

    private readonly ModelFolder _folder;
    private readonly SubwordFeatures _features;
    private readonly InferenceSession _session;

    private SubwordEncoder(ModelFolder folder, int threads)
    {
        var manifest = folder.Manifest;
        if (manifest.Subwords is null || manifest.Dimensions is not > 0)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model folder {folder.Path} describes no sub-words or dimensions; an encoder over hashed sub-words needs both.");
        }

        _folder = folder;
        _features = new SubwordFeatures(manifest.Subwords);
        Dimensions = manifest.Dimensions.Value;
        _session = OnnxSessions.Create(folder, threads);
    }

    /// <inheritdoc/>
    public int Dimensions { get; }

    /// <summary>The most words of a text that are read; each is several features.</summary>
    public int MaxTokens => SubwordFeatures.MaxWords;

    /// <inheritdoc/>
    public ModelManifest Manifest => _folder.Manifest;

    /// <summary>Loads the encoder of a folder and checks that its test vectors come out right.</summary>
    /// <param name="threads">Threads that one run may use, 1 to 64.</param>
    /// <exception cref="ModelException">The model is missing, damaged, of another shape, or computes something else.</exception>
    public static SubwordEncoder Load(string folder, int threads = 1)
    {
        var encoder = LoadUnverified(ModelFolder.Open(folder, ModelTasks.SentenceEmbedding), threads);
        try
        {
            encoder.Verify();
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>The encoder that is part of the program.</summary>
    public static SubwordEncoder LoadBundled(int threads = 1) =>
        Load(Path.Combine(ModelFolder.Bundled, "encoder"), threads);

    internal static SubwordEncoder LoadUnverified(ModelFolder folder, int threads = 1) => new(folder, threads);

    /// <inheritdoc/>
    public EncoderInput Tokenize(string text, TextRole role = TextRole.Query)
    {
        var (ids, weights) = _features.Of(text);
        return ids.Length > 0
            ? new EncoderInput(ids, weights)
            : throw new ArgumentException("The text is empty: there is nothing to embed.", nameof(text));
    }

    /// <inheritdoc/>
    public float[][] Run(IReadOnlyList<EncoderInput> batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var width = batch.Max(input => input.Length);
        var ids = new long[batch.Count * width];
        var weights = new float[batch.Count * width];
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Ids.CopyTo(ids, i * width);
            batch[i].Weights!.CopyTo(weights, i * width);
        }

        long[] shape = [batch.Count, width];
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var weightsValue = OrtValue.CreateTensorValueFromMemory(weights, shape);
        using var outputs = OnnxSessions.Run(
            _session, InputNames, [idsValue, weightsValue], OutputNames, cancellationToken);
        var values = outputs[0].GetTensorDataAsSpan<float>();
        var vectors = new float[batch.Count][];
        for (var i = 0; i < vectors.Length; i++)
        {
            var vector = values.Slice(i * Dimensions, Dimensions);
            if (!float.IsFinite(TensorPrimitives.Sum(vector)))
            {
                throw new ModelException(
                    ModelFault.WrongOutput,
                    $"model {Manifest.Name} in {_folder.Path} gave a vector that is not a number; export or download it again.");
            }

            vectors[i] = vector.ToArray();
        }

        return vectors;
    }

    /// <summary>Frees the runtime's memory; no run may be under way.</summary>
    public void Dispose() => _session.Dispose();

    private void Verify()
    {
        var output = _session.OutputMetadata.TryGetValue(OutputNames[0], out var node) ? node.Dimensions : [];
        if (output.Length != 2 || output[1] != Dimensions)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model {Manifest.Name} in {_folder.Path} gives {OutputNames[0]} [{string.Join(", ", output)}]; its manifest " +
                $"says {Dimensions} values per text. Export or download model and manifest together.");
        }

        foreach (var test in Manifest.TestVectors)
        {
            var apart = TestVectors.Apart(this, test);
            if (apart > TestTolerance)
            {
                throw new ModelException(
                    ModelFault.WrongOutput,
                    $"model {Manifest.Name} in {_folder.Path} does not compute what its manifest says for \"{test.Text}\": " +
                    $"off by {apart:G3}, allowed {TestTolerance:G3}. Model, manifest and program must be of one release.");
            }
        }
    }
}
