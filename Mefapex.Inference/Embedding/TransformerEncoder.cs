using System.Numerics.Tensors;
using System.Security.Cryptography;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Mefapex.Inference.Tokenizers;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// A sentence encoder of BERT's kind (MiniLM, E5, BGE and others) from a folder as sentence-transformers or optimum
/// exports it: graph, <c>tokenizer.json</c> and settings.
/// </summary>
public sealed class TransformerEncoder : ITextEncoder
{
    private const string Ids = "input_ids";
    private const string Mask = "attention_mask";
    private const string Types = "token_type_ids";
    private const string Positions = "position_ids";
    private const string Pooled = "sentence_embedding";
    private const string ProbeText = "mefapex 1";

    // Runs of more tokens give their memory back; what smaller ones take is kept for the next.
    private const int TokensKept = 512;

    // Outputs that hold a vector for each token, the preferred first.
    private static readonly string[] TokenOutputs = ["last_hidden_state", "token_embeddings"];

    private readonly TransformerFolder _folder;
    private readonly Tokenizer _tokenizer;
    private readonly InferenceSession _session;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly bool _isPooled;

    private TransformerEncoder(TransformerFolder folder, Tokenizer tokenizer, TransformerOptions options)
    {
        _folder = folder;
        _tokenizer = tokenizer;
        _session = OnnxSessions.CreateFromFile(folder.ModelFile, options.Threads);
        try
        {
            _inputs = [.. _session.InputMetadata.Keys];
            CheckInputs();
            _outputs = [ChooseOutput()];
            _isPooled = _outputs[0] == Pooled;
            Dimensions = Probe();
            CheckDimensions(options);
            Manifest = Describe(options);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ModelManifest Manifest { get; }

    /// <inheritdoc/>
    public int Dimensions { get; }

    /// <summary>Most tokens of an input, special tokens included.</summary>
    public int MaxTokens => _folder.MaxTokens;

    /// <summary>Loads the encoder of a folder, runs it once and compares with its <see cref="RecordedVectors"/>.</summary>
    /// <exception cref="ModelException">A file is missing or damaged, the graph is of another shape or gives no
    /// numbers, or graph, tokenizer and settings do not belong together.</exception>
    public static TransformerEncoder Load(string folder, TransformerOptions? options = null)
    {
        options ??= new TransformerOptions();
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var tokenizer = Tokenizer.Load(Path.Combine(full, "tokenizer.json"));
        var encoder = new TransformerEncoder(TransformerFolder.Read(full, options, tokenizer), tokenizer, options);
        try
        {
            RecordedVectors.Check(full, encoder);
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public EncoderInput Tokenize(string text, TextRole role = TextRole.Query)
    {
        ArgumentNullException.ThrowIfNull(text);
        var prompt = role == TextRole.Query ? _folder.QueryPrompt : _folder.PassagePrompt;
        var (ids, truncated) = _tokenizer.Encode(prompt.Length == 0 ? text : prompt + text, _folder.MaxTokens);
        if (string.IsNullOrWhiteSpace(text) || ids.Length == _tokenizer.SpecialTokenCount)
            throw new ArgumentException("The text is empty: there is nothing to embed.", nameof(text));

        var wide = new long[ids.Length];
        TensorPrimitives.ConvertTruncating<int, long>(ids, wide);
        return new EncoderInput(wide, Truncated: truncated);
    }

    /// <inheritdoc/>
    public float[][] Run(IReadOnlyList<EncoderInput> batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var width = batch.Max(input => input.Length);
        var ids = new long[batch.Count * width];
        var mask = new long[ids.Length];
        if (_folder.PaddingId != 0)
            Array.Fill(ids, _folder.PaddingId);
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Ids.CopyTo(ids, i * width);
            mask.AsSpan(i * width, batch[i].Length).Fill(1);
        }

        long[] shape = [batch.Count, width];
        var values = new OrtValue[_inputs.Length];
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = Tensor(_inputs[i], shape, _inputs[i] switch
                {
                    Ids => ids,
                    Mask => mask,
                    Positions => MakePositions(batch.Count, width),
                    _ => new long[ids.Length],
                });
            }

            using var outputs = OnnxSessions.Run(
                _session, _inputs, values, _outputs, cancellationToken, shrinksArena: ids.Length > TokensKept);
            return Collect(outputs[0], batch, width);
        }
        finally
        {
            foreach (var value in values)
                value?.Dispose();
        }
    }

    /// <summary>Frees the runtime's memory; no run may be under way.</summary>
    public void Dispose() => _session.Dispose();

    private OrtValue Tensor(string name, long[] shape, long[] values)
    {
        if (_session.InputMetadata[name].ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64)
            return OrtValue.CreateTensorValueFromMemory(values, shape);
        var narrow = new int[values.Length];
        TensorPrimitives.ConvertTruncating<long, int>(values, narrow);
        return OrtValue.CreateTensorValueFromMemory(narrow, shape);
    }

    private long[] MakePositions(int rows, int width)
    {
        var positions = new long[rows * width];
        for (var i = 0; i < positions.Length; i++)
            positions[i] = _folder.FirstPosition + (i % width);
        return positions;
    }

    private float[][] Collect(OrtValue output, IReadOnlyList<EncoderInput> batch, int width)
    {
        var info = output.GetTensorTypeAndShape();
        var shape = info.Shape;
        if (info.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
            throw Unsuitable($"gives {_outputs[0]} of type {info.ElementDataType}; 32-bit floats are needed. Export it in full precision.");
        if (shape.Length != (_isPooled ? 2 : 3) || shape[0] != batch.Count || (!_isPooled && shape[1] != width))
        {
            throw Unsuitable(
                $"gives {_outputs[0]} [{string.Join(", ", shape)}] for {batch.Count} texts of {width} tokens; a vector for each " +
                $"{(_isPooled ? "text" : "token")} is needed. Export it for feature extraction.");
        }

        var values = output.GetTensorDataAsSpan<float>();
        var size = (int)shape[^1];
        if (_folder.Dense is { } dense && dense.Inputs != size && !_isPooled)
            throw Unsuitable($"gives vectors of {size} values, its dense layer takes {dense.Inputs}. Download the model again.");
        var vectors = new float[batch.Count][];
        for (var i = 0; i < vectors.Length; i++)
        {
            var vector = _isPooled
                ? values.Slice(i * size, size).ToArray()
                : Pool(values.Slice(i * width * size, width * size), size, batch[i].Length);
            if (_folder.Dense is not null && !_isPooled)
                vector = _folder.Dense.Apply(vector);
            var norm = TensorPrimitives.Norm(vector);
            if (!float.IsFinite(norm) || norm == 0)
            {
                throw new ModelException(
                    ModelFault.WrongOutput,
                    $"model {_folder.ModelFile} gave a vector that is {(norm == 0 ? "all zero" : "not a number")}; export or " +
                    "download it again.");
            }

            TensorPrimitives.Divide(vector, norm, vector);
            vectors[i] = vector;
        }

        return vectors;
    }

    private float[] Pool(ReadOnlySpan<float> tokens, int size, int count)
    {
        var vector = tokens[..size].ToArray();
        if (_folder.Pooling == Pooling.Cls)
            return vector;
        for (var token = 1; token < count; token++)
            TensorPrimitives.Add(vector, tokens.Slice(token * size, size), vector);
        TensorPrimitives.Divide(vector, count, vector);
        return vector;
    }

    private void CheckInputs()
    {
        var unknown = _inputs.Where(name => name is not (Ids or Mask or Types or Positions)).ToArray();
        if (unknown.Length > 0 || !_inputs.Contains(Ids))
        {
            throw Unsuitable(
                $"takes [{string.Join(", ", _inputs)}]; an encoder takes {Ids} and may take {Mask}, {Types} and {Positions}. " +
                "Export it for feature extraction.");
        }

        if (_folder.VocabularySize is { } rows && _tokenizer.VocabularySize > rows)
        {
            throw Unsuitable(
                $"knows {rows} tokens by its config.json, its tokenizer.json has {_tokenizer.VocabularySize}. Take both from " +
                "one model.");
        }

        if (_tokenizer.HasTypes)
            throw Unsuitable("has a tokenizer that gives single texts token types other than 0, which is not known here.");
    }

    private string ChooseOutput()
    {
        var outputs = _session.OutputMetadata;
        // A graph that pools by itself has all its modules inside.
        if (outputs.ContainsKey(Pooled))
            return Pooled;
        return TokenOutputs.FirstOrDefault(outputs.ContainsKey)
            ?? outputs.FirstOrDefault(output => output.Value.Dimensions.Length == 3).Key
            ?? throw Unsuitable(
                $"gives [{string.Join(", ", outputs.Keys)}]; {TokenOutputs[0]} with a vector for each token, or {Pooled}, is " +
                "needed. Export it for feature extraction.");
    }

    private int Probe() => Run([Tokenize(ProbeText)])[0].Length;

    private void CheckDimensions(TransformerOptions options)
    {
        var announced = _folder.Dense?.Outputs ?? _folder.PooledDimensions;
        if (announced is { } folder && folder != Dimensions)
            throw Unsuitable($"gives vectors of {Dimensions} values, its folder says {folder}. Download the model again.");
        if (options.Dimensions is { } wanted && wanted != Dimensions)
            throw Unsuitable($"gives vectors of {Dimensions} values, {wanted} are asked for. Take another model or setting.");
    }

    private ModelManifest Describe(TransformerOptions options)
    {
        using var stream = File.OpenRead(_folder.ModelFile);
        return new ModelManifest
        {
            Name = options.Name ?? Path.GetFileName(_folder.Path),
            Version = options.Version,
            Task = ModelTasks.SentenceEmbedding,
            Languages = [],
            File = Path.GetRelativePath(_folder.Path, _folder.ModelFile),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(stream)),
            Bytes = stream.Length,
            Dimensions = Dimensions,
            Inputs = [.. _session.InputMetadata.Select(Value)],
            Outputs = [.. _session.OutputMetadata.Select(Value)],
            TrainingData = "see the model's own card",
            Licence = "NOASSERTION",
        };

        static ModelValue Value(KeyValuePair<string, NodeMetadata> value) => new(
            value.Key,
            value.Value.ElementDataType.ToString().ToLowerInvariant(),
            [.. value.Value.Dimensions.Zip(value.Value.SymbolicDimensions, (size, name) => size < 0 ? name : $"{size}")]);
    }

    private ModelException Unsuitable(string what) => new(ModelFault.Unsuitable, $"model {_folder.ModelFile} {what}");
}
