using Mefapex.Inference.Catalogue.Hub;

namespace Mefapex.Inference.Catalogue;

/// <summary>
/// Where models come from. A setting names one as <c>bundled</c>, as the path of a folder, or as a
/// <see cref="HubReference"/>; the catalogue gives the folder, downloaded if need be.
/// </summary>
/// <param name="bundled">Folder of the bundled models.</param>
public sealed class ModelCatalogue(string bundled, HubDownloader hub)
{
    /// <summary>The reference of a model that is part of the program.</summary>
    public const string Bundled = "bundled";

    private static readonly string[] EncoderFiles =
    [
        ModelManifest.FileName, "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "sentence_bert_config.json", "config_sentence_transformers.json", "modules.json",
        "model.onnx", "model.onnx_data", "onnx/model.onnx", "onnx/model.onnx_data",
    ];

    /// <summary>The folder of a model.</summary>
    /// <param name="task">One of <see cref="ModelTasks"/>: which files are needed, and which model is bundled.</param>
    /// <exception cref="ModelException">There is no such folder or bundled model, or the hub does not give it.</exception>
    /// <exception cref="HttpRequestException">The hub could not be reached.</exception>
    public async Task<string> FindAsync(
        string reference,
        string task,
        IProgress<HubProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reference);
        if (string.Equals(reference, Bundled, StringComparison.Ordinal))
            return BundledFolder(task);
        if (reference.StartsWith(HubReference.Prefix, StringComparison.Ordinal))
            return await hub.GetAsync(Parse(reference), path => IsNeeded(path, task), progress, cancellationToken);

        var folder = Path.GetFullPath(reference);
        return Directory.Exists(folder)
            ? folder
            : throw new ModelException(
                ModelFault.Missing,
                $"model folder {folder} is missing; put the model there, or name another: a folder, {Bundled}, or {HubReference.Prefix}owner/name@commit.");
    }

    /// <summary>Whether the model is on this machine, so that finding it downloads nothing.</summary>
    /// <exception cref="ModelException">The reference cannot be understood.</exception>
    public bool IsHere(string reference) =>
        !reference.StartsWith(HubReference.Prefix, StringComparison.Ordinal) || hub.Find(Parse(reference)) is not null;

    /// <summary>Reads a reference to a hub.</summary>
    /// <exception cref="ModelException">It cannot be understood.</exception>
    public static HubReference Parse(string reference) => HubReference.TryParse(reference, out var parsed)
        ? parsed
        : throw new ModelException(
            ModelFault.Missing, $"{reference} names no model on a hub; write {HubReference.Prefix}owner/name@commit or …@commit/folder.");

    /// <summary>By which answers name a model: its repository on the hub, or its folder's name.</summary>
    public static string NameOf(string reference) => HubReference.TryParse(reference, out var hub)
        ? hub.Repository
        : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(reference)));

    private string BundledFolder(string task) => task switch
    {
        ModelTasks.SentenceEmbedding => Path.Combine(bundled, "encoder"),
        ModelTasks.LanguageIdentification => Path.Combine(bundled, "language"),
        _ => throw new ModelException(ModelFault.Missing, $"no model for {task} is bundled; name a folder or a model on a hub."),
    };

    /// <summary>Repositories hold the same weights in many formats; an encoder needs one of them, a generator's folder is
    /// needed whole.</summary>
    private static bool IsNeeded(string path, string task)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (!string.Equals(task, ModelTasks.SentenceEmbedding, StringComparison.Ordinal))
            return name[0] != '.' && !name.EndsWith(".md", StringComparison.OrdinalIgnoreCase);
        return EncoderFiles.Contains(path, StringComparer.Ordinal) ||
            path.EndsWith("_Pooling/config.json", StringComparison.Ordinal) ||
            path.EndsWith("_Dense/config.json", StringComparison.Ordinal) ||
            path.EndsWith("_Dense/model.safetensors", StringComparison.Ordinal);
    }
}
