using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mefapex.Inference.Catalogue;

/// <summary>What a model folder's <c>manifest.json</c> says about the model beside it.</summary>
public sealed record ModelManifest
{
    /// <summary>The file's name in each model folder.</summary>
    public const string FileName = "manifest.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>The name that answers carry as <c>model_used</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Semantic version of the model, not of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Such as <c>sentence-embedding</c>; see <see cref="ModelTasks"/>.</summary>
    public required string Task { get; init; }

    /// <summary>ISO 639-1 codes that it was made for.</summary>
    public required IReadOnlyList<string> Languages { get; init; }

    /// <summary>The model file, relative to the folder.</summary>
    public required string File { get; init; }

    /// <summary>sha256 of the model file, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Length of the model file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Length of each vector it makes; absent where it makes none.</summary>
    public int? Dimensions { get; init; }

    /// <summary>What goes in.</summary>
    public IReadOnlyList<ModelValue> Inputs { get; init; } = [];

    /// <summary>What comes out.</summary>
    public IReadOnlyList<ModelValue> Outputs { get; init; } = [];

    /// <summary>How text becomes input, for encoders over hashed sub-words.</summary>
    public SubwordSettings? Subwords { get; init; }

    /// <summary>How text becomes input, for language models over hashed character n-grams.</summary>
    public CharacterGramSettings? CharacterGrams { get; init; }

    /// <summary>What it learnt from.</summary>
    public required string TrainingData { get; init; }

    /// <summary>SPDX identifier.</summary>
    public required string Licence { get; init; }

    /// <summary>Texts with the result they must give; checked before the model serves.</summary>
    public IReadOnlyList<TestVector> TestVectors { get; init; } = [];

    /// <summary>Measured figures; absent until measured.</summary>
    public QualityReport? Quality { get; init; }

    /// <summary>Figures on test pairs that were held apart from training, for encoders that were trained.</summary>
    public HeldApartReport? HeldApart { get; init; }

    /// <summary>Figures on test sentences that were held apart from training, for language models.</summary>
    public LanguageReport? LanguageQuality { get; init; }

    /// <summary>Reads the manifest of a folder.</summary>
    /// <exception cref="ModelException">It is missing or cannot be understood.</exception>
    public static ModelManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            using var stream = System.IO.File.OpenRead(path);
            return JsonSerializer.Deserialize<ModelManifest>(stream, Json)
                ?? throw new JsonException("The file holds null.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"model manifest {path} is missing; restore the folder from the release or point AI_MODELS_PATH at one.",
                exception);
        }
        catch (JsonException exception)
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"model manifest {path} is damaged: {exception.Message} Restore it from the release.",
                exception);
        }
    }

    /// <summary>The manifest as a file's text: the same manifest gives the same text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";
}

/// <summary>Values of <see cref="ModelManifest.Task"/>.</summary>
public static class ModelTasks
{
    /// <summary>Texts to vectors of unit length.</summary>
    public const string SentenceEmbedding = "sentence-embedding";

    /// <summary>Text to language.</summary>
    public const string LanguageIdentification = "language-identification";

    /// <summary>Messages to text.</summary>
    public const string TextGeneration = "text-generation";
}

/// <summary>An input or output of a model.</summary>
/// <param name="Type">ONNX element type in lower case.</param>
/// <param name="Shape">Numbers, or names of free dimensions.</param>
public sealed record ModelValue(string Name, string Type, IReadOnlyList<string> Shape);

/// <summary>How words become hashed features; the encoder refuses a model that was made with other settings than it
/// can follow.</summary>
/// <param name="Hash">Name of the hash function.</param>
/// <param name="Folding">Name of the text folding.</param>
/// <param name="Buckets">Rows of the table; a feature's row is its hash modulo this.</param>
/// <param name="MinGram">Shortest character n-gram of a word between its boundary marks.</param>
/// <param name="MaxGram">Longest character n-gram.</param>
/// <param name="WordWeight">Weight of the whole word.</param>
/// <param name="GramWeight">Euclidean norm of the weights of all n-grams of a word.</param>
/// <param name="GramDecay">Factor by which an n-gram weighs less for each character that it starts later.</param>
/// <param name="FunctionWordWeight">Factor for words that carry grammar rather than meaning.</param>
public sealed record SubwordSettings(
    string Hash,
    string Folding,
    int Buckets,
    int MinGram,
    int MaxGram,
    double WordWeight,
    double GramWeight,
    double GramDecay,
    double FunctionWordWeight);

/// <summary>How words become hashed character n-grams; the detector refuses a model that was made with other settings
/// than it can follow.</summary>
/// <param name="Hash">Name of the hash function.</param>
/// <param name="Buckets">Rows of the table; a feature's row is its hash modulo this.</param>
/// <param name="MinGram">Shortest n-gram of a word between its boundary marks.</param>
/// <param name="MaxGram">Longest n-gram.</param>
public sealed record CharacterGramSettings(string Hash, int Buckets, int MinGram, int MaxGram);

/// <summary>A text and the beginning of its vector.</summary>
/// <param name="First">The first values.</param>
/// <param name="Norm">Euclidean norm of the whole vector.</param>
public sealed record TestVector(string Text, IReadOnlyList<float> First, float Norm);

/// <summary>Retrieval figures and how they came about.</summary>
public sealed record QualityReport(string Method, IReadOnlyList<QualityFigure> Figures);

/// <summary>Figures on held-apart pairs beside those of the untrained encoder.</summary>
/// <param name="Trained">Of the model as it is, with its table of 8 bits.</param>
/// <param name="Untrained">Of the untrained encoder on the same pairs.</param>
/// <param name="RecallLostByQuantization">Recall@1 of the table before it was brought to 8 bits, less that after.</param>
public sealed record HeldApartReport(
    string Method,
    IReadOnlyList<QualityFigure> Trained,
    IReadOnlyList<QualityFigure> Untrained,
    double RecallLostByQuantization)
{
    /// <summary>The figures of pairs of meanings that were learnt in other words, all styles together.</summary>
    public static QualityFigure All(IEnumerable<QualityFigure> figures) =>
        figures.Single(figure => figure is { Set: "pairs", Language: "all" });
}

/// <summary>Accuracy on held-apart sentences.</summary>
/// <param name="ExpectedCalibrationError">Mean distance of confidence and accuracy over ten bins of confidence, weighted
/// by their sentences (Guo et al., "On calibration of modern neural networks", 2017).</param>
public sealed record LanguageReport(IReadOnlyList<LanguageFigure> Figures, double ExpectedCalibrationError);

/// <summary>Accuracy of one language, or of <c>all</c>.</summary>
/// <param name="Words">Words of the sentences: <c>4+</c> or <c>2-3</c>.</param>
public sealed record LanguageFigure(string Language, string Words, int Sentences, double Accuracy);

/// <summary>Figures of one test set in one language or style, each 0 to 1.</summary>
/// <param name="Questions">Questions asked.</param>
/// <param name="Candidates">Entries to find the right one among.</param>
/// <param name="Mrr">Mean reciprocal rank.</param>
public sealed record QualityFigure(
    string Set,
    string Language,
    int Questions,
    int Candidates,
    [property: JsonPropertyName("recall_at_1")] double RecallAt1,
    [property: JsonPropertyName("recall_at_3")] double RecallAt3,
    double Mrr);
