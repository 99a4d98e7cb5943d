using System.Numerics.Tensors;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Embedding;

/// <summary>Limits of an encoder.</summary>
public sealed record SentenceEncoderOptions
{
    /// <summary>Threads that one call may use inside the runtime, 1 to 64.</summary>
    public int IntraOpThreads { get; init; } = 1;

    /// <summary>Features (texts times the longest of them, after padding) computed at once. 4096 take about 10 MB
    /// of buffers while they are computed (dimension 256).</summary>
    public int MaxFeaturesAtOnce { get; init; } = 4096;
}

/// <summary>
/// Sentences to vectors of unit length with an ONNX model over hashed sub-words. May be called from many threads; each
/// text's vector is the same whatever else is in its batch.
/// </summary>
public sealed class SentenceEncoder : IEmbeddingGenerator<string, Embedding<float>>
{
    private const float TestTolerance = 1e-4f;

    private static readonly string[] InputNames = ["ids", "weights"];
    private static readonly string[] OutputNames = ["embedding"];

    private readonly ModelFolder _folder;
    private readonly SentenceEncoderOptions _options;
    private readonly SubwordFeatures _features;
    private readonly InferenceSession _session;
    private readonly EmbeddingGeneratorMetadata _metadata;

    private SentenceEncoder(ModelFolder folder, SentenceEncoderOptions options)
    {
        var manifest = folder.Manifest;
        if (manifest.Subwords is null || manifest.Dimensions is not > 0)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model folder {folder.Path} describes no sub-words or dimensions; an encoder over hashed sub-words needs both.");
        }

        _folder = folder;
        _options = options;
        _features = new SubwordFeatures(manifest.Subwords);
        Dimensions = manifest.Dimensions.Value;
        _metadata = new EmbeddingGeneratorMetadata("mefapex", null, manifest.Name, Dimensions);
        _session = OnnxSessions.Create(folder, options.IntraOpThreads);
    }

    /// <summary>Length of each vector.</summary>
    public int Dimensions { get; }

    /// <summary>What the model folder says of the model.</summary>
    public ModelManifest Manifest => _folder.Manifest;

    /// <summary>sha256 of the model file: vectors of different hashes must not be compared.</summary>
    public string ModelHash => _folder.Manifest.Sha256;

    /// <summary>Loads the encoder of a folder and checks that its test vectors come out right.</summary>
    /// <exception cref="ModelException">The model is missing, damaged, of another shape, or computes something else.</exception>
    public static SentenceEncoder Load(string folder, SentenceEncoderOptions? options = null)
    {
        var encoder = LoadUnverified(ModelFolder.Open(folder, ModelTasks.SentenceEmbedding), options);
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
    public static SentenceEncoder LoadBundled(SentenceEncoderOptions? options = null) =>
        Load(Path.Combine(ModelFolder.Bundled, "encoder"), options);

    internal static SentenceEncoder LoadUnverified(ModelFolder folder, SentenceEncoderOptions? options = null) =>
        new(folder, options ?? new SentenceEncoderOptions());

    internal static float NormOf(ReadOnlySpan<float> vector) => TensorPrimitives.Norm(vector);

    /// <summary>The vector of one text.</summary>
    /// <exception cref="ArgumentException">The text is empty or white space.</exception>
    public float[] Encode(string text, CancellationToken cancellationToken = default) =>
        Encode([text], cancellationToken)[0];

    /// <summary>The vectors of the texts, in their order.</summary>
    /// <exception cref="ArgumentException">A text is empty or white space.</exception>
    public float[][] Encode(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        Encode(texts, out _, cancellationToken);

    /// <inheritdoc/>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } wanted && wanted != Dimensions)
        {
            throw new ArgumentException(
                $"Vectors of {wanted} values were asked for; {Manifest.Name} makes {Dimensions}.",
                nameof(options));
        }

        var texts = values as IReadOnlyList<string> ?? [.. values];
        return Task.Run(
            () =>
            {
                var vectors = Encode(texts, out var features, cancellationToken);
                return new GeneratedEmbeddings<Embedding<float>>(
                    vectors.Select(vector => new Embedding<float>(vector) { ModelId = Manifest.Name }))
                {
                    Usage = new UsageDetails { InputTokenCount = features, TotalTokenCount = features },
                };
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(EmbeddingGeneratorMetadata))
            return _metadata;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Frees the runtime's memory; no call may be under way.</summary>
    public void Dispose() => _session.Dispose();

    private float[][] Encode(IReadOnlyList<string> texts, out long features, CancellationToken cancellationToken)
    {
        var rows = new (long[] Ids, float[] Weights)[texts.Count];
        features = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows[i] = _features.Of(texts[i]);
            if (rows[i].Ids.Length == 0)
                throw new ArgumentException($"Text {i} is empty: there is nothing to embed.", nameof(texts));
            features += rows[i].Ids.Length;
        }

        // Texts of like length travel together, so that little of a batch is padding.
        var order = Enumerable.Range(0, rows.Length).OrderBy(i => rows[i].Ids.Length).ToArray();
        var vectors = new float[rows.Length][];
        for (var start = 0; start < order.Length;)
        {
            var end = start + 1;
            while (end < order.Length &&
                   (end + 1 - start) * rows[order[end]].Ids.Length <= _options.MaxFeaturesAtOnce)
            {
                end++;
            }

            Run(rows, order.AsSpan(start, end - start), vectors, cancellationToken);
            start = end;
        }

        return vectors;
    }

    private void Run(
        (long[] Ids, float[] Weights)[] rows,
        ReadOnlySpan<int> batch,
        float[][] vectors,
        CancellationToken cancellationToken)
    {
        var width = rows[batch[^1]].Ids.Length;
        var ids = new long[batch.Length * width];
        var weights = new float[batch.Length * width];
        for (var i = 0; i < batch.Length; i++)
        {
            rows[batch[i]].Ids.CopyTo(ids, i * width);
            rows[batch[i]].Weights.CopyTo(weights, i * width);
        }

        long[] shape = [batch.Length, width];
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var weightsValue = OrtValue.CreateTensorValueFromMemory(weights, shape);
        using var outputs = OnnxSessions.Run(
            _session, InputNames, [idsValue, weightsValue], OutputNames, cancellationToken);
        var values = outputs[0].GetTensorDataAsSpan<float>();
        for (var i = 0; i < batch.Length; i++)
        {
            var vector = values.Slice(i * Dimensions, Dimensions);
            if (!float.IsFinite(TensorPrimitives.Sum(vector)))
            {
                throw new ModelException(
                    ModelFault.WrongOutput,
                    $"model {Manifest.Name} in {_folder.Path} gave a vector that is not a number; export or download it again.");
            }

            vectors[batch[i]] = vector.ToArray();
        }
    }

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
            var vector = Encode(test.Text);
            var apart = Math.Abs(NormOf(vector) - test.Norm);
            for (var i = 0; i < test.First.Count; i++)
                apart = Math.Max(apart, Math.Abs(vector[i] - test.First[i]));
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
