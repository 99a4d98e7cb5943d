namespace Mefapex.Api.Data;

/// <summary>How far the database has come since the process started; what needs the schema waits for it here.</summary>
internal sealed class DatabaseState
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _obstacle = "connecting to PostgreSQL";
    private volatile bool _refused;

    /// <summary>The schema is up to date and the sample content is there.</summary>
    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    /// <summary>The database must not be used as it is, so the process ends.</summary>
    public bool IsRefused => _refused;

    /// <summary>What stands between here and ready, in a few words for the operator.</summary>
    public string Obstacle => _obstacle;

    public Task WhenReadyAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    public void Waiting(string obstacle) => _obstacle = obstacle;

    public void Ready() => _ready.TrySetResult();

    public void Refuse(string reason)
    {
        _obstacle = reason;
        _refused = true;
    }
}
