using System.Text.Json;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Catalogue.Hub;

namespace Mefapex.Tests.Inference.Catalogue;

public sealed class HubDownloaderTests : IAsyncLifetime, IDisposable
{
    private const string Model = "onnx/model.onnx";

    private readonly string _cache = Directory.CreateTempSubdirectory("mefapex-hub-").FullName;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly HubReference _reference = new(UnreliableHub.Repository, UnreliableHub.Commit);
    private UnreliableHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await UnreliableHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Dispose();
    }

    public void Dispose()
    {
        _http.Dispose();
        if (Directory.Exists(_cache))
            Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public async Task A_model_arrives_whole_with_the_hashes_of_its_files()
    {
        var folder = await GetAsync(path => !path.EndsWith(".md", StringComparison.Ordinal));

        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .ShouldBe(["config.json", "hashes.json", Model, "tokenizer.json"], ignoreOrder: true);
        (await File.ReadAllBytesAsync(Path.Combine(folder, Model), TestContext.Current.CancellationToken)).ShouldBe(_hub.Content(Model));
        Hashes(folder)[Model].ShouldBe(ModelFolder.Sha256Of(_hub.Content(Model)));
        Hashes(folder)["config.json"].ShouldBe(ModelFolder.Sha256Of(_hub.Content("config.json")));
    }

    [Fact]
    public async Task What_is_in_the_cache_is_not_asked_for_again()
    {
        var folder = await GetAsync();
        _hub.Requests.Clear();

        (await GetAsync()).ShouldBe(folder);
        (await Downloader(options => options with { Offline = true }).GetAsync(_reference, _ => true, null, TestContext.Current.CancellationToken))
            .ShouldBe(folder);
        _hub.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dropped_connection_is_continued_where_it_broke_off()
    {
        var drops = 3;
        _hub.DropAfter = path => path == Model && drops-- > 0 ? 70_000 : null;

        var folder = await GetAsync();

        (await File.ReadAllBytesAsync(Path.Combine(folder, Model), TestContext.Current.CancellationToken)).ShouldBe(_hub.Content(Model));
        _hub.Requests.Count(request => request.Contains("model.onnx bytes=", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task A_hub_that_does_not_continue_sends_the_file_again()
    {
        var drops = 1;
        _hub.Ranges = false;
        _hub.DropAfter = path => path == Model && drops-- > 0 ? 70_000 : null;

        var folder = await GetAsync();

        (await File.ReadAllBytesAsync(Path.Combine(folder, Model), TestContext.Current.CancellationToken)).ShouldBe(_hub.Content(Model));
    }

    [Fact]
    public async Task A_download_that_was_cancelled_or_given_up_goes_on_next_time()
    {
        _hub.DropAfter = path => path == Model ? (Requested(Model) == 1 ? 70_000 : 0) : null;
        var exception = await Should.ThrowAsync<HttpRequestException>(() => GetAsync());
        exception.Message.ShouldContain("3 attempts without progress");
        exception.Message.ShouldContain("continued next time");
        Downloader().Find(_reference).ShouldBeNull();

        using var source = new CancellationTokenSource();
        _hub.DropAfter = path =>
        {
            if (path == Model)
                source.Cancel();
            return path == Model ? 50_000 : null;
        };
        await Should.ThrowAsync<OperationCanceledException>(() => Downloader().GetAsync(_reference, _ => true, null, source.Token));

        _hub.DropAfter = _ => null;
        _hub.Requests.Clear();
        await GetAsync();
        _hub.Requests.ShouldNotContain(request => request.EndsWith("config.json", StringComparison.Ordinal));
        _hub.Requests.Last(request => request.Contains("model.onnx", StringComparison.Ordinal)).ShouldContain("bytes=");
    }

    [Theory]
    [InlineData(Model, "sha256")]
    [InlineData("config.json", "git object id")]
    public async Task Wrong_bytes_are_refused_and_not_kept(string path, string told)
    {
        _hub.Alter = (sent, bytes) => sent == path ? [.. bytes.Select(value => (byte)(value ^ 1))] : bytes;

        var exception = await Should.ThrowAsync<ModelException>(() => GetAsync());

        exception.Fault.ShouldBe(ModelFault.Damaged);
        exception.Message.ShouldContain(path);
        exception.Message.ShouldContain(told);
        Downloader().Find(_reference).ShouldBeNull();
        _hub.Alter = (_, bytes) => bytes;
        await GetAsync();
    }

    [Fact]
    public async Task More_bytes_than_announced_are_refused()
    {
        _hub.Alter = (path, bytes) => path == Model ? [.. bytes, 0] : bytes;

        (await Should.ThrowAsync<ModelException>(() => GetAsync())).Fault.ShouldBe(ModelFault.Damaged);
    }

    [Fact]
    public async Task A_hub_that_is_overloaded_for_a_while_is_asked_again()
    {
        var busy = 2;
        _hub.Status = _ => busy-- > 0 ? 503 : null;

        await GetAsync();
    }

    [Theory]
    [InlineData(404, "does not have")]
    [InlineData(401, "HF_TOKEN")]
    [InlineData(403, "HF_TOKEN")]
    public async Task A_refusal_is_final_and_says_what_to_do(int status, string told)
    {
        _hub.Status = _ => status;

        var exception = await Should.ThrowAsync<ModelException>(() => GetAsync());

        exception.Message.ShouldContain(told);
        _hub.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_silent_connection_is_given_up()
    {
        using var never = new CancellationTokenSource();
        _hub.Status = _ => never.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)) ? 200 : 500;

        await Should.ThrowAsync<HttpRequestException>(
            () => Downloader(options => options with { StallTimeout = TimeSpan.FromMilliseconds(200), Attempts = 2 })
                .GetAsync(_reference, _ => true, null, TestContext.Current.CancellationToken));
        await never.CancelAsync();
    }

    [Fact]
    public async Task A_path_that_leaves_the_folder_is_refused_before_anything_is_fetched()
    {
        _hub.ExtraPaths.Add("../../evil.sh");

        (await Should.ThrowAsync<ModelException>(() => GetAsync())).Message.ShouldContain("../../evil.sh");
        _hub.Requests.ShouldAllBe(request => request.StartsWith("/api/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_branch_is_pinned_first()
    {
        var branch = _reference with { Revision = "main" };

        (await Should.ThrowAsync<ModelException>(() => Downloader().GetAsync(branch, _ => true, null, TestContext.Current.CancellationToken)))
            .Message.ShouldContain("40 digits");
        (await Downloader().PinAsync(branch, TestContext.Current.CancellationToken)).ShouldBe(_reference);
    }

    [Fact]
    public async Task Offline_a_missing_model_says_how_to_get_it()
    {
        var exception = await Should.ThrowAsync<ModelException>(() => Downloader(options => options with { Offline = true })
            .GetAsync(_reference, _ => true, null, TestContext.Current.CancellationToken));

        exception.Fault.ShouldBe(ModelFault.Missing);
        exception.Message.ShouldContain("HF_HUB_OFFLINE");
        _hub.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_who_want_the_same_model_fetch_it_once()
    {
        var folders = await Task.WhenAll(GetAsync(), GetAsync(), GetAsync());

        folders.Distinct().ShouldHaveSingleItem();
        Requested(Model).ShouldBe(1);
    }

    [Fact]
    public async Task Progress_ends_at_the_whole()
    {
        var seen = new List<HubProgress>();

        await Downloader().GetAsync(_reference, _ => true, new Immediate(seen.Add), TestContext.Current.CancellationToken);

        seen.Select(progress => progress.Bytes).ShouldBeInOrder();
        seen[^1].Bytes.ShouldBe(seen[^1].TotalBytes);
        seen[^1].FileNumber.ShouldBe(seen[^1].Files);
        seen.Select(progress => progress.File).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public async Task The_access_token_goes_to_the_hub()
    {
        await Downloader(options => options with { Token = "secret" })
            .GetAsync(_reference, _ => true, null, TestContext.Current.CancellationToken);

        _hub.Tokens.Distinct().ShouldHaveSingleItem().ShouldBe("Bearer secret");
    }

    [Fact]
    public async Task A_model_in_a_folder_of_its_repository_is_fetched_alone()
    {
        var folder = await Downloader().GetAsync(
            _reference with { Folder = "onnx" }, path => path == "model.onnx", null, TestContext.Current.CancellationToken);

        File.Exists(Path.Combine(folder, "model.onnx")).ShouldBeTrue();
        Requested("config.json").ShouldBe(0);
    }

    [Theory]
    [InlineData("hub:owner/name", "owner/name", "main", "")]
    [InlineData("hub:owner/name@v1.0", "owner/name", "v1.0", "")]
    [InlineData("hub:owner/name@v1.0/cpu/int4", "owner/name", "v1.0", "cpu/int4")]
    public void References_are_read(string text, string repository, string revision, string folder)
    {
        HubReference.TryParse(text, out var reference).ShouldBeTrue();
        reference.ShouldBe(new HubReference(repository, revision, folder));
    }

    [Theory]
    [InlineData("owner/name")]
    [InlineData("hub:name")]
    [InlineData("hub:../name@main")]
    [InlineData("hub:owner/name@main/../..")]
    [InlineData("hub:owner/name@main/a/../../b")]
    public void What_is_no_reference_is_refused(string text) => HubReference.TryParse(text, out _).ShouldBeFalse();

    private Task<string> GetAsync(Func<string, bool>? wanted = null) =>
        Downloader().GetAsync(_reference, wanted ?? (_ => true), null, TestContext.Current.CancellationToken);

    private HubDownloader Downloader(Func<HubOptions, HubOptions>? change = null)
    {
        var options = new HubOptions
        {
            Endpoint = _hub.Address,
            CacheFolder = _cache,
            Attempts = 3,
            Delay = TimeSpan.FromMilliseconds(1),
        };
        return new HubDownloader(_http, change?.Invoke(options) ?? options);
    }

    private int Requested(string path) =>
        _hub.Requests.Count(request => request.Contains($"/resolve/{UnreliableHub.Commit}/{path}", StringComparison.Ordinal));

    private static Dictionary<string, string> Hashes(string folder) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(folder, HubDownloader.HashesFile)))!;

    private sealed class Immediate(Action<HubProgress> tell) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => tell(value);
    }
}
