using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>Which kind of encoder a folder holds.</summary>
public static class TextEncoders
{
    /// <summary>Loads the encoder of a folder: a manifest makes it one over hashed sub-words, else it is a transformer.</summary>
    /// <param name="threads">Threads that one run may use, 1 to 64.</param>
    /// <param name="options">What is to be done otherwise than a transformer's folder says.</param>
    /// <exception cref="ModelException">The model is missing, damaged, of another shape, or computes something else.</exception>
    public static ITextEncoder Load(string folder, int threads = 1, TransformerOptions? options = null) =>
        IsTransformer(folder)
            ? TransformerEncoder.Load(folder, (options ?? new TransformerOptions()) with { Threads = threads })
            : SubwordEncoder.Load(folder, threads);

    /// <summary>Whether the folder is laid out as sentence-transformers and optimum do.</summary>
    public static bool IsTransformer(string folder) =>
        !File.Exists(Path.Combine(folder, ModelManifest.FileName)) && File.Exists(Path.Combine(folder, "config.json"));

    /// <summary>Bytes of the folder's weights, before anything of them is loaded.</summary>
    /// <exception cref="ModelException">The manifest or the graph is missing, or the manifest is damaged.</exception>
    public static long BytesOf(string folder)
    {
        if (!IsTransformer(folder))
            return ModelFolder.BytesOf(folder);

        // Large graphs keep their weights in a file of this name beside them.
        var graph = TransformerFolder.FindModel(folder, named: null);
        var weights = new FileInfo(graph + "_data");
        return new FileInfo(graph).Length + (weights.Exists ? weights.Length : 0);
    }
}
