using Mefapex.Api.Ingestion;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Ingestion;

public sealed class FolderWatchTests(PostgresFixture postgres) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("mefapex-folder-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Watched => Path.Combine(_root, "izlenen");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Documents_follow_the_files_of_a_watched_folder()
    {
        Directory.CreateDirectory(Path.Combine(Watched, "bakim"));
        await using var host = await StartAsync();
        using var editor = await host.SignInAsync("editor");
        await WriteAsync("bakim/pompa.txt", "Pompa her ay denetlenir.");
        await WriteAsync("kurulum.exe", "okunmaz");

        await ScanAsync(host);
        (await ListAsync(editor)).ShouldBeEmpty("a file may still be on its way");
        await ScanAsync(host);
        var added = (await ListAsync(editor)).ShouldHaveSingleItem();
        added.ShouldSatisfyAllConditions(
            d => d.Title.ShouldBe("pompa"),
            d => d.Category.ShouldBe("bakim"),
            d => d.Origin.ShouldBe("folder"),
            d => d.OriginPath.ShouldBe("bakim/pompa.txt"));
        (await editor.FinishedAsync(added.Id)).Status.ShouldBe(DocumentStatus.Live);

        await WriteAsync("bakim/pompa.txt", "Pompa artık her hafta denetlenir.");
        await ScanAsync(host);
        await ScanAsync(host);
        (await editor.FinishedAsync(added.Id)).CurrentVersion.ShouldBe(2);
        (await host.ChunksAsync(added.Id)).ShouldHaveSingleItem().Text.ShouldContain("hafta");

        File.SetLastWriteTimeUtc(Path.Combine(Watched, "bakim/pompa.txt"), DateTime.UnixEpoch);
        await ScanAsync(host);
        await ScanAsync(host);
        (await ListAsync(editor)).ShouldHaveSingleItem().Versions.Count.ShouldBe(2, "the same content is no new version");

        File.Delete(Path.Combine(Watched, "bakim/pompa.txt"));
        await ScanAsync(host);
        (await ListAsync(editor)).ShouldBeEmpty();
        (await host.ChunksAsync(added.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Links_out_of_the_folder_are_not_followed_and_a_folder_that_is_away_changes_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs a privilege on Windows.");
        Directory.CreateDirectory(Watched);
        var outside = Directory.CreateDirectory(Path.Combine(_root, "dış")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "gizli.txt"), "Dışarıda kalması gereken metin.", Cancellation);
        File.CreateSymbolicLink(Path.Combine(Watched, "bağ.txt"), Path.Combine(outside, "gizli.txt"));
        Directory.CreateSymbolicLink(Path.Combine(Watched, "klasör"), outside);
        await WriteAsync("içeride.txt", "İçeride duran metin.");
        await using var host = await StartAsync();
        using var editor = await host.SignInAsync("editor");

        await ScanAsync(host);
        await ScanAsync(host);
        (await ListAsync(editor)).ShouldHaveSingleItem().Title.ShouldBe("içeride");

        Directory.Move(Watched, Watched + "-yok");
        await ScanAsync(host);
        (await ListAsync(editor)).ShouldHaveSingleItem().Title.ShouldBe("içeride");
    }

    [Fact]
    public async Task Stored_files_that_no_document_has_are_swept_away_the_others_stay()
    {
        await using var host = await StartAsync();
        using var editor = await host.SignInAsync("editor");
        var kept = await editor.AddLiveAsync("kalan.txt", "Bu dosyanın bir belgesi var."u8.ToArray());
        using var content = new MemoryStream([1, 2, 3]);
        var orphan = await host.Files().SaveAsync(content, 10, Cancellation);
        foreach (var file in Directory.GetFiles(host.Files().Folder, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);

        await host.Services.GetRequiredService<OrphanSweep>().SweepAsync(Cancellation);

        host.Files().Exists(orphan.Key).ShouldBeFalse();
        (await editor.GetWireAsync<DocumentText>($"{Documents.Path}/{kept.Id}/versions/1/text")).Text.ShouldContain("belgesi");
        (await editor.GetByteArrayAsync(new Uri($"{Documents.Path}/{kept.Id}/file", UriKind.Relative), Cancellation)).ShouldNotBeEmpty();
    }

    private static Task ScanAsync(ApiHost host) => host.Services.GetRequiredService<FolderWatch>().ScanAsync(Cancellation);

    private static async Task<IReadOnlyList<DocumentRecord>> ListAsync(HttpClient client) =>
        (await client.GetWireAsync<Page<DocumentRecord>>(Documents.Path)).Items;

    private Task WriteAsync(string path, string content) => File.WriteAllTextAsync(Path.Combine(Watched, path), content, Cancellation);

    /// <summary>A host that scans when it is told to, not by the clock.</summary>
    private async Task<ApiHost> StartAsync()
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Ingestion:Folders:fabrika"] = Watched,
            ["Ingestion:FolderScan"] = "1.00:00:00",
        };
        return await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), settings).ReadyAsync();
    }
}
