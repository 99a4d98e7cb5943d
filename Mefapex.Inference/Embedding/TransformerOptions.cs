namespace Mefapex.Inference.Embedding;

/// <summary>What is to be done otherwise than a transformer's folder says.</summary>
public sealed record TransformerOptions
{
    /// <summary>Longest input where neither folder nor options say.</summary>
    public const int MaxTokensUnlessSaid = 512;

    /// <summary>Name of the model in answers; null for the folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the model, such as the hub's commit.</summary>
    public string Version { get; init; } = "0";

    /// <summary>Threads that one run may use, 1 to 64.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The ONNX file below the folder; null for <c>model.onnx</c> or <c>onnx/model.onnx</c>.</summary>
    public string? ModelFile { get; init; }

    /// <summary>Longest input in tokens, special tokens included; null for what the folder says.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Length that the vectors must have; null for any.</summary>
    public int? Dimensions { get; init; }

    /// <summary>How tokens become one vector; null for what the folder says, and mean where it says nothing.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>What is put before a text to search with; null for what the folder says.</summary>
    public string? QueryPrompt { get; init; }

    /// <summary>What is put before a text to be found; null for what the folder says.</summary>
    public string? PassagePrompt { get; init; }
}
