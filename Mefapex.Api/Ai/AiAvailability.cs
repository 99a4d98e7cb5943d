namespace Mefapex.Api.Ai;

/// <summary>
/// Whether the AI service answers, as last seen: a failed call closes the door for everybody until
/// <see cref="AiProbe"/> finds the service again, so one question pays for an outage and the next ones do not.
/// </summary>
internal sealed partial class AiAvailability(ILogger<AiAvailability> logger)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _down = Completed();

    public bool IsUp
    {
        get
        {
            lock (_lock)
                return _up.Task.IsCompleted;
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

    public void Up() => Switch(ref _up, ref _down, () => LogUp());

    public void Down(string reason) => Switch(ref _down, ref _up, () => LogDown(reason));

    private void Switch(ref TaskCompletionSource reached, ref TaskCompletionSource left, Action log)
    {
        lock (_lock)
        {
            if (reached.Task.IsCompleted)
                return;
            left = new(TaskCreationOptions.RunContinuationsAsynchronously);
            reached.SetResult();
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

    [LoggerMessage(LogLevel.Warning, "AI service does not answer ({Reason}): answers are lexical until it is back")]
    private partial void LogDown(string reason);
}
