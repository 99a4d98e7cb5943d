namespace Mefapex.Api.Data;

/// <summary>
/// Does work again and again once the database is ready. What fails is told and done again soon: no failure of such work ends
/// the process.
/// </summary>
internal sealed partial class Recurrence(DatabaseState database, TimeProvider time, ILogger<Recurrence> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    /// <param name="interval">Between the end of one run and the start of the next.</param>
    /// <param name="job">What it is called in logs.</param>
    public async Task EveryAsync(TimeSpan interval, string job, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        while (true)
        {
            var done = await TryAsync(job, work, stoppingToken);
            await Task.Delay(done || interval < RetryDelay ? interval : RetryDelay, time, stoppingToken);
        }
    }

    /// <summary>Does the work once, and tells when that failed.</summary>
    public async Task<bool> TryAsync(string job, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            return true;
        }
        catch (Exception e) when (DatabaseFault.IsOutage(e))
        {
            LogPostponed(job, e.GetBaseException().GetType().Name);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(job, e);
        }

        return false;
    }

    [LoggerMessage(LogLevel.Warning, "{Job} waits, PostgreSQL is not reachable ({Reason})")]
    private partial void LogPostponed(string job, string reason);

    [LoggerMessage(LogLevel.Error, "{Job} failed and is tried again")]
    private partial void LogFailed(string job, Exception exception);
}
