using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mefapex.Cli;

/// <summary>Fetches pinned npm packages into the cache and vouches for every file it hands out.</summary>
internal sealed class Downloader(
    HttpClient http, NpmRegistry registry, string cache, Terminal terminal, TimeProvider time)
{
    private const int Attempts = 5;
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(60);

    /// <summary>A client whose waits this class limits itself; HTTPS_PROXY and NO_PROXY are honoured.</summary>
    public static HttpClient CreateClient()
    {
        var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("mefapex-setup/1.0");
        return client;
    }

    /// <summary>
    /// The package's tarball, with its hash checked now. A damaged file is fetched again once; a broken connection
    /// is taken up where it broke.
    /// </summary>
    /// <exception cref="SetupException">The registry lacks it, cannot be reached, or serves something else twice.</exception>
    public async Task<string> FetchAsync(NpmPackage package, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cache);
        var file = Path.Combine(cache, package.FileName);
        if (File.Exists(file))
        {
            var found = await HashAsync(file, cancellationToken);
            if (found == package.Integrity)
                return file;
            terminal.Warn($"{file} is damaged (expected {package.Integrity}, found {found}); fetching it once again.");
            File.Delete(file);
        }

        var part = file + ".part";
        for (var fresh = 0; ;)
        {
            var resumed = await DownloadAsync(package, part, cancellationToken);
            var found = await HashAsync(part, cancellationToken);
            if (found == package.Integrity)
            {
                File.Move(part, file, overwrite: true);
                return file;
            }

            File.Delete(part);
            if (!resumed && ++fresh == 2)
            {
                throw new SetupException(
                    $"{registry.AddressOf(package)} serves something else than {package.Name} {package.Version}: "
                    + $"expected {package.Integrity}, found {found}, twice.",
                    "A proxy may answer in the registry's place: see `npm config get registry`. "
                    + "If the package was published anew, check it and pin its hash in eng/npm-packages.json.");
            }

            terminal.Warn($"{package.FileName} arrived damaged (expected {package.Integrity}, found {found}); fetching it once again.");
        }
    }

    /// <summary>Completes the partial file; true if an earlier run had begun it.</summary>
    private async Task<bool> DownloadAsync(NpmPackage package, string part, CancellationToken cancellationToken)
    {
        var resumed = File.Exists(part) && new FileInfo(part).Length > 0;
        using var step = terminal.Begin($"Fetching {package.FileName}");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ReceiveAsync(package, part, step, cancellationToken);
                var size = new FileInfo(part).Length / 1e6;
                step.Outcome = string.Create(CultureInfo.InvariantCulture, $"Fetched {package.FileName}, {size:0.0} MB");
                return resumed;
            }
            catch (Exception exception) when (IsPassing(exception) && !cancellationToken.IsCancellationRequested)
            {
                if (attempt == Attempts)
                {
                    throw new SetupException(
                        $"{package.FileName} could not be fetched from {registry.AddressOf(package)}: {exception.Message}",
                        "Check the network and the proxy (HTTPS_PROXY); the next run continues where this one stopped.",
                        exception);
                }

                await Task.Delay(TimeSpan.FromSeconds(attempt), time, cancellationToken);
            }
        }
    }

    private async Task ReceiveAsync(NpmPackage package, string part, Terminal.Step step, CancellationToken cancellationToken)
    {
        // Guards against a connection that stays open and silent: every byte received winds the clock up again.
        using var stall = new CancellationTokenSource(Stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stall.Token);
        try
        {
            var have = File.Exists(part) ? new FileInfo(part).Length : 0;
            using var request = registry.Request(package);
            if (have > 0)
                request.Headers.Range = new RangeHeaderValue(have, null);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // All of it is there already, or more than there should be: the hash will tell.
                if (response.Content.Headers.ContentRange?.Length == have)
                    return;
                File.Delete(part);
                throw new BrokenTransferException("the partial file did not fit, and begins anew");
            }

            Check(response, package);
            var append = response.StatusCode == HttpStatusCode.PartialContent && have > 0;
            var total = response.Content.Headers.ContentLength + (append ? have : 0);
            await using var file = new FileStream(part, append ? FileMode.Append : FileMode.Create, FileAccess.Write);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var buffer = new byte[1 << 17];
            while (await body.ReadAsync(buffer, either.Token) is > 0 and var read)
            {
                stall.CancelAfter(Stall);
                await file.WriteAsync(buffer.AsMemory(0, read), either.Token);
                step.Progress(file.Position, total);
            }

            if (total is { } expected && file.Position < expected)
                throw new BrokenTransferException($"the connection ended after {file.Position} of {expected} bytes");
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BrokenTransferException($"nothing came for {Stall.TotalSeconds:0} seconds", exception);
        }
    }

    private void Check(HttpResponseMessage response, NpmPackage package)
    {
        if (response.IsSuccessStatusCode)
            return;
        var address = registry.AddressOf(package);
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                throw new MissingPackageException(package, address);
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.ProxyAuthenticationRequired:
                throw new SetupException(
                    $"{address} refuses {package.Name} ({(int)response.StatusCode}).",
                    "Sign in with `npm login`, or put the registry's token into ~/.npmrc.");
            default:
                throw new HttpRequestException($"the registry answered {(int)response.StatusCode}");
        }
    }

    private static bool IsPassing(Exception exception) => exception is HttpRequestException or HttpIOException or BrokenTransferException
        or IOException { InnerException: SocketException };

    private static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return "sha512-" + Convert.ToBase64String(await SHA512.HashDataAsync(stream, cancellationToken));
    }

    private sealed class BrokenTransferException(string message, Exception? cause = null) : IOException(message, cause);
}
