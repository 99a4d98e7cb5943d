using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Languages;

/// <summary>
/// Tells languages apart with an ONNX model over hashed character n-grams whose softmax was calibrated on held-out
/// sentences. Turkish stays Turkish without its diacritics, and mixed with English words. May be called from many threads.
/// </summary>
public sealed class LanguageDetector : IDisposable
{
    private const float TestTolerance = 1e-4f;

    private static readonly string[] InputNames = ["ids", "weights"];
    private static readonly string[] OutputNames = ["probabilities"];

    private readonly ModelFolder _folder;
    private readonly LanguageFeatures _features;
    private readonly InferenceSession _session;
    private readonly string[] _labels;

    private LanguageDetector(ModelFolder folder)
    {
        _folder = folder;
        _features = new LanguageFeatures(folder.Manifest.CharacterGrams ?? throw new ModelException(
            ModelFault.Unsuitable,
            $"model folder {folder.Path} describes no character n-grams; a language model needs them."));
        _labels = [.. folder.Manifest.Languages, LanguageGuess.Unknown];
        _session = OnnxSessions.Create(folder, intraOpThreads: 1);
    }

    /// <summary>What the model folder says of the model.</summary>
    public ModelManifest Manifest => _folder.Manifest;

    /// <summary>Loads the detector of a folder and checks that its test vectors come out right.</summary>
    /// <exception cref="ModelException">The model is missing, damaged, of another shape, or computes something else.</exception>
    public static LanguageDetector Load(string folder)
    {
        var detector = LoadUnverified(ModelFolder.Open(folder, ModelTasks.LanguageIdentification));
        try
        {
            detector.Verify();
            return detector;
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <summary>The detector that is part of the program.</summary>
    public static LanguageDetector LoadBundled() => Load(Path.Combine(ModelFolder.Bundled, "language"));

    internal static LanguageDetector LoadUnverified(ModelFolder folder) => new(folder);

    /// <summary>The likeliest language of a text, judged by its first 2000 characters. A text without letters is
    /// of no language.</summary>
    public LanguageGuess Detect(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var probabilities = Probabilities(text);
        if (probabilities.Length == 0)
            return new LanguageGuess(LanguageGuess.Unknown, 1);
        var best = Array.IndexOf(probabilities, probabilities.Max());
        return new LanguageGuess(_labels[best], Math.Min(1, probabilities[best]));
    }

    /// <summary>Frees the runtime's memory; no call may be under way.</summary>
    public void Dispose() => _session.Dispose();

    /// <summary>Of each language of the manifest, then of none of them; empty for a text without letters.</summary>
    internal float[] Probabilities(string text)
    {
        var (ids, weights) = _features.Of(text);
        if (ids.Length == 0)
            return [];
        long[] shape = [1, ids.Length];
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var weightsValue = OrtValue.CreateTensorValueFromMemory(weights, shape);
        using var outputs = OnnxSessions.Run(_session, InputNames, [idsValue, weightsValue], OutputNames, CancellationToken.None);
        var probabilities = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        if (probabilities.Any(probability => !float.IsFinite(probability)))
        {
            throw new ModelException(
                ModelFault.WrongOutput,
                $"model {Manifest.Name} in {_folder.Path} gave a probability that is not a number; export or download it again.");
        }

        return probabilities;
    }

    private void Verify()
    {
        var output = _session.OutputMetadata.TryGetValue(OutputNames[0], out var node) ? node.Dimensions : [];
        if (output.Length != 2 || output[1] != _labels.Length)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model {Manifest.Name} in {_folder.Path} gives {OutputNames[0]} [{string.Join(", ", output)}]; its manifest " +
                $"names {_labels.Length - 1} languages beside {LanguageGuess.Unknown}. Export or download model and manifest together.");
        }

        foreach (var test in Manifest.TestVectors)
        {
            var apart = Probabilities(test.Text).Zip(test.First, (actual, expected) => Math.Abs(actual - expected)).Max();
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
