namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Whether questions are being asked, for background work that gives way to them.</summary>
internal sealed class QuestionTraffic(TimeProvider time)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private long _last = long.MinValue;

    /// <summary>Whether one was asked within the last two seconds.</summary>
    public bool IsBusy => Volatile.Read(ref _last) is var last && last != long.MinValue && time.GetElapsedTime(last) < Quiet;

    public void Asked() => Volatile.Write(ref _last, time.GetTimestamp());
}
