using Mefapex.Inference.Catalogue.Hub;

namespace Mefapex.Ai.Models;

/// <summary>Tells of downloads: when one begins, every few seconds, and when it is done.</summary>
internal sealed partial class DownloadLog(TimeProvider time, ILogger<DownloadLog> logger)
{
    private readonly TimeProvider _time = time;

    private static readonly TimeSpan Often = TimeSpan.FromSeconds(5);

    public IProgress<HubProgress> Of(string reference) => new Progress(this, reference);

    [LoggerMessage(LogLevel.Information, "Downloading {Model}: {Done:F1} of {Total:F1} MB, file {Number} of {Files} ({File}).")]
    private partial void LogProgress(string model, double done, double total, int number, int files, string file);

    private sealed class Progress(DownloadLog log, string reference) : IProgress<HubProgress>
    {
        private long _last;
        private bool _any;

        public void Report(HubProgress value)
        {
            if (_any && value.Bytes < value.TotalBytes && log._time.GetElapsedTime(_last) < Often)
                return;
            _any = true;
            _last = log._time.GetTimestamp();
            log.LogProgress(reference, value.Bytes / 1e6, value.TotalBytes / 1e6, value.FileNumber, value.Files, value.File);
        }
    }
}
