using System.Net;
using System.Text.Json;

namespace Mefapex.Inference.Catalogue.Hub;

/// <summary>
/// Brings models from a hub into the cache folder, as <c>owner/name/revision/…</c>. A revision's folder appears there whole
/// or not at all: files are fetched into <c>revision.partial</c>, each continued where it broke off and checked against the
/// hub's hash, and the folder is renamed when all are right. <c>hashes.json</c> keeps the sha256 of every file.
/// </summary>
/// <param name="http">Without a timeout of its own; proxies are its handler's business.</param>
public sealed class HubDownloader(HttpClient http, HubOptions options)
{
    /// <summary>Name of the list of hashes in a downloaded folder.</summary>
    public const string HashesFile = "hashes.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };
    private readonly HubClient _hub = new(http, options);

    /// <summary>The commit behind a branch or tag; a pinned reference comes back as it is.</summary>
    public async Task<HubReference> PinAsync(HubReference reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.IsPinned)
            return reference;
        ThrowIfOffline(reference);
        return reference with { Revision = await PatientlyAsync(() => _hub.ResolveAsync(reference, cancellationToken), reference, cancellationToken) };
    }

    /// <summary>The folder of a model that is in the cache, or null.</summary>
    public string? Find(HubReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var folder = FolderOf(reference);
        return File.Exists(Path.Combine(folder, HashesFile)) ? Path.Combine(folder, reference.Folder) : null;
    }

    /// <summary>The folder of a model, from the cache or else from the hub.</summary>
    /// <param name="wanted">Which files of the reference's folder are needed, by their path relative to it.</param>
    /// <param name="progress">Told at most ten times a second, and once for each file.</param>
    /// <exception cref="ModelException">The model is not pinned, not there, not permitted, or came damaged; the disk is
    /// too small; or it is not in the cache and downloads are off.</exception>
    /// <exception cref="HttpRequestException">The hub could not be reached, or broke off too often.</exception>
    public async Task<string> GetAsync(
        HubReference reference,
        Func<string, bool> wanted,
        IProgress<HubProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(wanted);
        if (!reference.IsPinned)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"{reference} names a branch or tag, which may change from one day to the next; name a commit of 40 digits. " +
                "The command pull prints the one that it stands for today.");
        }

        if (Find(reference) is { } cached)
            return cached;
        ThrowIfOffline(reference);

        var folder = FolderOf(reference);
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        await using var turn = await TakeTurnAsync(folder + ".lock", cancellationToken);
        if (Find(reference) is { } fetchedByAnother)
            return fetchedByAnother;

        await FetchAsync(reference, folder, wanted, progress, cancellationToken);
        return Path.Combine(folder, reference.Folder);
    }

    private string FolderOf(HubReference reference) => Path.Combine(
        [options.CacheFolder, .. reference.Repository.Split('/'), reference.Folder.Length > 0
            ? $"{reference.Revision}-{reference.Folder.Replace('/', '-')}"
            : reference.Revision]);

    private async Task FetchAsync(
        HubReference reference,
        string folder,
        Func<string, bool> wanted,
        IProgress<HubProgress>? progress,
        CancellationToken cancellationToken)
    {
        var partial = folder + ".partial";
        var listed = await PatientlyAsync(() => _hub.ListAsync(reference, cancellationToken), reference, cancellationToken);
        var prefix = reference.Folder.Length > 0 ? reference.Folder + "/" : "";
        HubFile[] files =
            [.. listed.Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal) && wanted(file.Path[prefix.Length..]))];
        if (files.Length == 0)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"{reference} has none of the files that such a model needs; it lists {Some(listed)}. Check the folder.");
        }

        Directory.CreateDirectory(partial);
        ThrowIfTooSmall(partial, files, reference);

        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var report = new Report(progress, files);
        foreach (var file in files)
        {
            var path = Path.Combine([partial, .. file.Path.Split('/')]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            report.Begin(file);
            hashes[file.Path] = await FetchAsync(reference, file, path, report, cancellationToken);
            report.End(file);
        }

        await File.WriteAllTextAsync(Path.Combine(partial, HashesFile), JsonSerializer.Serialize(hashes, Json), cancellationToken);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.Move(partial, folder);
    }

    private async Task<string> FetchAsync(
        HubReference reference, HubFile file, string path, Report report, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            try
            {
                return await file.VerifyAsync(path, cancellationToken);
            }
            catch (ModelException)
            {
                File.Delete(path);
            }
        }

        var download = path + ".download";
        for (var attempt = 1; ; attempt++)
        {
            var before = LengthOf(download);
            try
            {
                await ContinueAsync(reference, file, download, report, cancellationToken);
                break;
            }
            catch (Exception exception) when (IsBroken(exception, cancellationToken))
            {
                if (LengthOf(download) > before)
                    attempt = 0;
                await WaitAsync(attempt, exception, reference, cancellationToken);
            }
        }

        try
        {
            var hash = await file.VerifyAsync(download, cancellationToken);
            File.Move(download, path);
            return hash;
        }
        catch (ModelException)
        {
            File.Delete(download);
            throw;
        }
    }

    /// <summary>Fetches what is still missing of a file, from its beginning where the hub does not continue.</summary>
    private async Task ContinueAsync(
        HubReference reference, HubFile file, string download, Report report, CancellationToken cancellationToken)
    {
        var have = LengthOf(download);
        if (have > file.Size)
            have = 0;
        if (have == file.Size && File.Exists(download))
            return;

        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(options.StallTimeout);
        using var response = await _hub.OpenAsync(reference, file, have, stall.Token);
        var continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (!continues)
            have = 0;
        if (response.StatusCode != HttpStatusCode.OK && !continues)
        {
            File.Delete(download);
            throw new HttpRequestException($"the hub does not continue {file.Path} at byte {have}");
        }

        await using var target = new FileStream(
            download, continues ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None, 1, useAsync: true);
        await using var source = await response.Content.ReadAsStreamAsync(stall.Token);
        var buffer = new byte[1 << 17];
        while (true)
        {
            stall.CancelAfter(options.StallTimeout);
            var read = await ReadAsync(source, buffer, stall.Token);
            if (read == 0)
                break;
            have += read;
            if (have > file.Size)
                break;
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            report.Continue(file, have);
        }

        if (have < file.Size)
            throw new HttpRequestException($"the hub broke off {file.Path} after {have} of {file.Size} bytes");
    }

    /// <summary>A connection that breaks shows in different exceptions; those of the disk must stay apart from it.</summary>
    private static async ValueTask<int> ReadAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            throw new HttpRequestException(exception.Message, exception);
        }
    }

    private async Task<T> PatientlyAsync<T>(Func<Task<T>> call, HubReference reference, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (JsonException exception)
            {
                throw new ModelException(
                    ModelFault.Damaged,
                    $"{options.Endpoint} does not answer as a model hub does for {reference}: {exception.Message} Check Models:Hub:Endpoint.",
                    exception);
            }
            catch (Exception exception) when (IsBroken(exception, cancellationToken) || exception is IOException)
            {
                await WaitAsync(attempt, exception, reference, cancellationToken);
            }
        }
    }

    private async Task WaitAsync(int attempt, Exception exception, HubReference reference, CancellationToken cancellationToken)
    {
        if (attempt >= options.Attempts)
        {
            throw new HttpRequestException(
                $"{reference} could not be downloaded from {options.Endpoint} after {attempt} attempts without progress: " +
                $"{exception.Message} What has arrived is kept and continued next time. Behind a proxy set HTTPS_PROXY.",
                exception);
        }

        if (attempt > 0)
            await Task.Delay(options.Delay * Math.Pow(2, attempt - 1), cancellationToken);
    }

    private static bool IsBroken(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && exception is HttpRequestException or OperationCanceledException;

    private static long LengthOf(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;

    private static string Some(IReadOnlyList<HubFile> files) =>
        files.Count == 0 ? "no files" : string.Join(", ", files.Take(10).Select(file => file.Path)) + (files.Count > 10 ? ", …" : "");

    private static void ThrowIfTooSmall(string partial, HubFile[] files, HubReference reference)
    {
        var needed = files.Sum(file => file.Size) - Directory.EnumerateFiles(partial, "*", SearchOption.AllDirectories).Sum(LengthOf);
        var free = new DriveInfo(Path.GetFullPath(partial)).AvailableFreeSpace;
        if (needed > free)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"{reference} needs {needed} more bytes in {partial}, and {free} are free; make room or set another folder (HF_HOME).");
        }
    }

    private void ThrowIfOffline(HubReference reference)
    {
        if (options.Offline)
        {
            throw new ModelException(
                ModelFault.Missing,
                $"{reference} is not in {options.CacheFolder}, and downloads are switched off (Models:Hub:Offline or " +
                "HF_HUB_OFFLINE); copy it there from another machine or switch them on.");
        }
    }

    /// <summary>One download of a model at a time, among all processes that share the cache folder.</summary>
    private static async Task<FileStream> TakeTurnAsync(string file, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            }
        }
    }

    private sealed class Report(IProgress<HubProgress>? progress, HubFile[] files)
    {
        private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);

        private readonly long _total = files.Sum(file => file.Size);
        private long _before;
        private int _number;
        private long _last;

        public void Begin(HubFile file)
        {
            _number++;
            Tell(file, 0);
        }

        public void Continue(HubFile file, long have)
        {
            if (TimeProvider.System.GetElapsedTime(_last) >= Often)
                Tell(file, have);
        }

        public void End(HubFile file)
        {
            Tell(file, file.Size);
            _before += file.Size;
        }

        private void Tell(HubFile file, long have)
        {
            _last = TimeProvider.System.GetTimestamp();
            progress?.Report(new HubProgress(file.Path, _number, files.Length, _before + have, _total));
        }
    }
}
