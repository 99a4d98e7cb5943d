namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Milliseconds of each step of an answer.</summary>
internal sealed class StepClock(TimeProvider time)
{
    private readonly Dictionary<string, double> _laps = new(StringComparer.Ordinal);
    private long _last = time.GetTimestamp();

    public IReadOnlyDictionary<string, double> Laps => _laps;

    /// <summary>Ends a step that began where the one before it ended.</summary>
    public void Lap(string step)
    {
        var now = time.GetTimestamp();
        _laps[step] = Math.Round(time.GetElapsedTime(_last, now).TotalMilliseconds, 3);
        _last = now;
    }
}
