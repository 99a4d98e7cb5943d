using System.ComponentModel.DataAnnotations;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Generation;

namespace Mefapex.Ai.Generation;

/// <summary>Section <c>Models:Generator</c>.</summary>
internal sealed class GenerationOptions
{
    public const string Section = "Models:Generator";

    /// <summary>The variable that says <see cref="Path"/> where the section does not.</summary>
    public const string PathVariable = "AI_GENERATOR_PATH";

    /// <summary>A language model in the layout of ONNX Runtime GenAI: its folder, or <c>hub:owner/name@commit/folder</c>;
    /// empty for none.</summary>
    public string Path { get; set; } = "";

    /// <summary>Loads the model at the start, not at its first use.</summary>
    public bool Preload { get; set; }

    /// <summary>Threads that one answer may use; 0 leaves it to the model's genai_config.json.</summary>
    [Range(0, 64)]
    public int IntraOpThreads { get; set; }

    /// <summary>Answers generated at once.</summary>
    [Range(1, 64)]
    public int MaxConcurrent { get; set; } = 1;

    /// <summary>Requests that may wait; the next one is answered 429.</summary>
    [Range(0, 10_000)]
    public int MaxQueued { get; set; } = 8;

    /// <summary>How long a request waits before it is answered 429.</summary>
    [Range(0, 600)]
    public double MaxWaitSeconds { get; set; } = 10;

    /// <summary>How long an answer may take; what there is by then is the answer.</summary>
    [Range(0.1, 3600)]
    public double TimeLimitSeconds { get; set; } = 60;

    /// <summary>The longest answer in tokens that a request may ask for.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; set; } = 1024;

    public OnnxChatClientOptions ToClient() => new()
    {
        Name = ModelCatalogue.NameOf(Path),
        IntraOpThreads = IntraOpThreads,
        MaxConcurrent = MaxConcurrent,
        MaxQueued = MaxQueued,
        MaxWait = TimeSpan.FromSeconds(MaxWaitSeconds),
        TimeLimit = TimeSpan.FromSeconds(TimeLimitSeconds),
    };
}
