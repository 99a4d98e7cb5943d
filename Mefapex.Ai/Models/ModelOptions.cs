using System.ComponentModel.DataAnnotations;

namespace Mefapex.Ai.Models;

/// <summary>Section <c>Models</c>.</summary>
internal sealed class ModelOptions
{
    public const string Section = "Models";

    /// <summary>Folder with <c>encoder</c> and <c>language</c>; empty for the bundled models.</summary>
    public string Path { get; set; } = "";

    /// <summary>Threads that one request may use inside ONNX Runtime.</summary>
    [Range(1, 64)]
    public int IntraOpThreads { get; set; } = 1;

    /// <summary>Requests computed at the same time; 0 for one per processor.</summary>
    [Range(0, 1024)]
    public int MaxConcurrentRequests { get; set; }

    /// <summary>Requests that may wait their turn; the next one is answered 429.</summary>
    [Range(0, 10_000)]
    public int MaxQueuedRequests { get; set; } = 64;
}
