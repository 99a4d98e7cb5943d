using System.Globalization;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Documents;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion;

/// <summary>Takes versions that wait and brings them on until they are searched or have failed.</summary>
internal sealed partial class IngestionWorker(
    IngestionQueue queue,
    IngestionSteps steps,
    IngestionSignal signal,
    DatabaseState database,
    QuestionTraffic traffic,
    IOptions<IngestionOptions> options,
    TimeProvider time,
    ILogger<IngestionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan OutageDelay = TimeSpan.FromSeconds(2);
    private readonly IngestionOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReadyAsync(stoppingToken);
        await Task.WhenAll(Enumerable.Range(0, _options.Workers).Select(_ => WorkAsync(NewName(), stoppingToken)));
    }

    private static string NewName() => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Environment.ProcessId}:{Guid.NewGuid():N}");

    private async Task WorkAsync(string worker, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                if (await queue.TakeAsync(worker, stoppingToken) is { } job)
                    await RunAsync(job, stoppingToken);
                else
                    await signal.WaitAsync(_options.PollInterval, time, stoppingToken);
            }
            catch (Exception e) when (DatabaseFault.IsOutage(e))
            {
                LogDatabaseAway(e.GetBaseException().Message);
                await Task.Delay(OutageDelay, time, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnexpected(e);
                await Task.Delay(OutageDelay, time, stoppingToken);
            }
        }
    }

    private async Task RunAsync(DocumentVersion job, CancellationToken stoppingToken)
    {
        using var tenant = DataScope.Of(job.TenantId);
        using var lease = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var renewal = RenewAsync(job, lease);
        try
        {
            LogTaken(job.DocumentId, job.Version, job.Step, job.Attempts);
            var start = time.GetTimestamp();
            await steps.RunAsync(job, new Pace(traffic, _options, time), lease.Token);
            LogFinished(job.DocumentId, job.Version, time.GetElapsedTime(start).TotalSeconds);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await queue.GiveBackAsync(job, CancellationToken.None);
            throw;
        }
        catch (Exception e) when (e is LeaseLostException || (e is OperationCanceledException && lease.IsCancellationRequested))
        {
            LogLeaseLost(job.DocumentId, job.Version);
            await steps.ClearDeletedAsync(job, stoppingToken);
        }
        catch (UnreadableFileException e)
        {
            LogRefused(job.DocumentId, job.Version, e.Message);
            await queue.FailAsync(job, DocumentStatus.Failed, e.Problem, e.Detail, stoppingToken);
        }
        catch (Exception e) when (DatabaseFault.IsOutage(e) || (e is IOException and not FileNotFoundException and not DirectoryNotFoundException))
        {
            LogPostponed(job.DocumentId, job.Version, e.GetBaseException().Message);
            await queue.RetryLaterAsync(job, e.GetBaseException().Message, stoppingToken);
        }
        catch (Exception e)
        {
            LogCrashed(e, job.DocumentId, job.Version, job.Step);
            if (job.Attempts >= _options.MaxAttempts)
                await queue.FailAsync(job, DocumentStatus.Quarantined, FileProblem.Crashed, e.Message, stoppingToken);
            else
                await queue.RetryLaterAsync(job, e.Message, stoppingToken);
        }
        finally
        {
            await lease.CancelAsync();
            await renewal;
        }
    }

    /// <summary>Renews the lease until the work ends, and ends the work when the lease is lost.</summary>
    private async Task RenewAsync(DocumentVersion job, CancellationTokenSource lease)
    {
        try
        {
            do
                await Task.Delay(_options.Lease / 3, time, lease.Token);
            while (await queue.RenewAsync(job, lease.Token));
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e)
        {
            LogDatabaseAway(e.GetBaseException().Message);
        }

        await lease.CancelAsync();
    }

    [LoggerMessage(LogLevel.Information, "Document {Document} version {Version}: work begins at step {Step}, attempt {Attempt}")]
    private partial void LogTaken(Guid document, int version, string step, int attempt);

    [LoggerMessage(LogLevel.Information, "Document {Document} version {Version}: work ended after {Seconds:F1} s")]
    private partial void LogFinished(Guid document, int version, double seconds);

    [LoggerMessage(LogLevel.Information, "Document {Document} version {Version} is gone or another worker's")]
    private partial void LogLeaseLost(Guid document, int version);

    [LoggerMessage(LogLevel.Warning, "Document {Document} version {Version} cannot be used: {Reason}")]
    private partial void LogRefused(Guid document, int version, string reason);

    [LoggerMessage(LogLevel.Warning, "Document {Document} version {Version} is tried again later: {Reason}")]
    private partial void LogPostponed(Guid document, int version, string reason);

    [LoggerMessage(LogLevel.Error, "Document {Document} version {Version} failed at step {Step}")]
    private partial void LogCrashed(Exception e, Guid document, int version, string step);

    [LoggerMessage(LogLevel.Warning, "Ingestion waits, PostgreSQL is not reachable: {Reason}")]
    private partial void LogDatabaseAway(string reason);

    [LoggerMessage(LogLevel.Error, "Ingestion could not look for work")]
    private partial void LogUnexpected(Exception e);
}

/// <summary>Another worker has the version, or it was deleted: whatever this one does is void.</summary>
internal sealed class LeaseLostException : Exception;
