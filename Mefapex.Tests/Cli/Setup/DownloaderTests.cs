using System.Security.Cryptography;
using Mefapex.Cli;

namespace Mefapex.Tests.Cli.Setup;

public sealed class DownloaderTests : IDisposable
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(300_000);
    private static readonly byte[] Other = RandomNumberGenerator.GetBytes(300_000);
    private static readonly NpmPackage Package = NpmServer.PackageOf(Content);

    private readonly TemporaryFolder _cache = new();
    private readonly StringWriter _output = new();
    private readonly HttpClient _http = Downloader.CreateClient();

    private string Cached => _cache[Package.FileName];

    [Fact]
    public async Task A_cached_file_with_the_right_hash_is_not_fetched_again()
    {
        await using var server = await NpmServer.StartAsync();
        File.WriteAllBytes(Cached, Content);

        (await FetchAsync(server)).ShouldBe(Cached);

        server.Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_damaged_cached_file_is_named_with_both_hashes_and_fetched_again()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Content));
        File.WriteAllBytes(Cached, Other);

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
        var said = _output.ToString();
        said.ShouldContain(Cached);
        said.ShouldContain(Package.Integrity);
        said.ShouldContain(NpmServer.PackageOf(Other).Integrity);
    }

    [Fact]
    public async Task Wrong_bytes_are_fetched_once_again()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Other), NpmServer.File(Content));

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
        server.Ranges.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Wrong_bytes_twice_end_with_both_hashes_and_leave_nothing_behind()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Other), NpmServer.File(Other));

        var failure = await Should.ThrowAsync<SetupException>(() => FetchAsync(server));

        failure.Message.ShouldContain(Package.Integrity);
        failure.Message.ShouldContain(NpmServer.PackageOf(Other).Integrity);
        failure.Remedy.ShouldContain("npm-packages.json");
        Directory.EnumerateFileSystemEntries(_cache.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.BreakingAfter(Content, 200_000), NpmServer.File(Content));

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
        server.Ranges.Last().ShouldStartWith("bytes=");
    }

    [Fact]
    public async Task An_interrupted_run_is_continued_by_the_next_one()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Content));
        File.WriteAllBytes(Cached + ".part", Content[..100_000]);

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
        server.Ranges.ShouldBe(["bytes=100000-"]);
    }

    [Fact]
    public async Task A_partial_file_that_is_already_whole_is_taken()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Content));
        File.WriteAllBytes(Cached + ".part", Content);

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_sends_the_file_from_its_beginning()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.WholeFile(Content));
        File.WriteAllBytes(Cached + ".part", Content[..100_000]);

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
    }

    [Fact]
    public async Task A_partial_file_of_something_else_does_not_spoil_the_download()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.File(Content), NpmServer.File(Content));
        File.WriteAllBytes(Cached + ".part", Other[..100_000]);

        await FetchAsync(server);

        File.ReadAllBytes(Cached).ShouldBe(Content);
    }

    [Fact]
    public async Task A_package_that_the_registry_lacks_is_told_apart_from_a_failure()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.Status(404));

        var missing = await Should.ThrowAsync<MissingPackageException>(() => FetchAsync(server));

        missing.Message.ShouldContain("@scope/thing 1.2.3");
    }

    [Fact]
    public async Task A_registry_that_refuses_leads_to_signing_in()
    {
        await using var server = await NpmServer.StartAsync(NpmServer.Status(401));

        var refused = await Should.ThrowAsync<SetupException>(() => FetchAsync(server));

        refused.Remedy.ShouldContain("npm login");
    }

    public void Dispose()
    {
        _http.Dispose();
        _cache.Dispose();
    }

    private Task<string> FetchAsync(NpmServer server)
    {
        var registry = new NpmRegistry(new Dictionary<string, string> { ["registry"] = server.Address });
        var terminal = new Terminal(_output, interactive: false, colour: false, TimeProvider.System);
        return new Downloader(_http, registry, _cache.Path, terminal, TimeProvider.System)
            .FetchAsync(Package, TestContext.Current.CancellationToken);
    }
}
