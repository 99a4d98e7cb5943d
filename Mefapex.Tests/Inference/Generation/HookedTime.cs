namespace Mefapex.Tests.Inference.Generation;

/// <summary>A clock that advances by a second each time it is looked at, and tells of each look. A generation looks
/// when it gets its slot, at its start, before each part of its prompt, before each token, and when it leaves its slot.</summary>
internal sealed class HookedTime(Action<int>? onLook = null) : TimeProvider
{
    private int _looks;

    public int Looks => Volatile.Read(ref _looks);

    private Action _ring = static () => { };

    /// <summary>Lets the latest timer fire; by itself none does.</summary>
    public void Ring() => _ring();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _ring = () => callback(state);
        return new SilentTimer();
    }

    public override long TimestampFrequency => 1;

    public override long GetTimestamp()
    {
        var look = Interlocked.Increment(ref _looks);
        onLook?.Invoke(look);
        return look;
    }

    private sealed class SilentTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
