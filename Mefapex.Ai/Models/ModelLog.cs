using Mefapex.Inference.Serving;

namespace Mefapex.Ai.Models;

/// <summary>Tells of loads, unloads and failures in one line each.</summary>
internal sealed partial class ModelLog(ILogger<ModelLog> logger)
{
    public void Write(ModelChange change)
    {
        switch (change.To)
        {
            case ModelState.Ready:
                LogLoaded(change.Kind, change.Took.GetValueOrDefault().TotalMilliseconds);
                break;
            case ModelState.Unloaded when change.Unload is { } reason:
                LogUnloaded(change.Kind, reason);
                break;
            case ModelState.Failed when change.Failure is ModelUnavailableException refused:
                LogRefused(change.Kind, refused.Message);
                break;
            case ModelState.Failed:
                LogFailed(change.Failure, change.Kind);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "The {Kind} model is loaded, checked and warmed up after {Milliseconds:F0} ms.")]
    private partial void LogLoaded(string kind, double milliseconds);

    [LoggerMessage(LogLevel.Information, "The {Kind} model is unloaded ({Reason}).")]
    private partial void LogUnloaded(string kind, UnloadReason reason);

    [LoggerMessage(LogLevel.Warning, "The {Kind} model is not loaded: {Reason}")]
    private partial void LogRefused(string kind, string reason);

    [LoggerMessage(LogLevel.Error, "The {Kind} model cannot be used.")]
    private partial void LogFailed(Exception? exception, string kind);
}
