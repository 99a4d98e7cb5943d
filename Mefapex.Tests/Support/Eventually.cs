namespace Mefapex.Tests.Support;

/// <summary>Waits for what happens on another thread.</summary>
internal static class Eventually
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > HangGuard)
                throw new TimeoutException($"Waited {HangGuard} in vain until {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
