namespace Mefapex.Api.Ai;

/// <summary>
/// Whether the AI service answers, as last seen: a failed call closes the door for everybody until
/// <see cref="AiProbe"/> finds the service again, so one question pays for an outage and the next ones do not.
/// </summary>
internal sealed partial class AiAvailability(TimeProvider time, ILogger<AiAvailability> logger)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _down = Completed();
    private bool _hasGenerator;
    private DateTimeOffset? _since;
    private string? _reason;
    private int _closings;

    public bool IsUp
    {
        get
        {
            lock (_lock)
                return _up.Task.IsCompleted;
        }
    }

    /// <summary>Whether the service has a language model, as last seen.</summary>
    public bool HasGenerator
    {
        get
        {
            lock (_lock)
                return _hasGenerator && _up.Task.IsCompleted;
        }
    }

    /// <summary>Since when it is as it is, how often the door was closed, and why it is; no time where nobody has asked yet.</summary>
    public (bool IsUp, DateTimeOffset? Since, int Closings, string? Reason) State
    {
        get
        {
            lock (_lock)
                return (_up.Task.IsCompleted, _since, _closings, _reason);
        }
    }

    public Task WhenUpAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _up.Task.WaitAsync(cancellationToken);
    }

    public Task WhenDownAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return _down.Task.WaitAsync(cancellationToken);
    }

    public void Up(bool hasGenerator)
    {
        lock (_lock)
            _hasGenerator = hasGenerator;
        Switch(ref _up, ref _down, reason: null, LogUp);
    }

    public void Down(string reason) => Switch(ref _down, ref _up, reason, () => LogDown(reason));

    private void Switch(ref TaskCompletionSource reached, ref TaskCompletionSource left, string? reason, Action log)
    {
        lock (_lock)
        {
            if (reached.Task.IsCompleted)
                return;
            left = new(TaskCreationOptions.RunContinuationsAsynchronously);
            reached.SetResult();
            (_since, _reason) = (time.GetUtcNow(), reason);
            if (reason is not null)
                _closings++;
        }

        log();
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    [LoggerMessage(LogLevel.Information, "AI service answers: answers use vectors")]
    private partial void LogUp();

    [LoggerMessage(LogLevel.Warning, "AI service does not answer ({Reason}): until it is back this process embeds questions itself where it can, else answers are lexical")]
    private partial void LogDown(string reason);
}
