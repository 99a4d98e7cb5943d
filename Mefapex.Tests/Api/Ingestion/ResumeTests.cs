using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Ingestion;

public sealed class ResumeTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly string _files = Path.Combine(Path.GetTempPath(), $"mefapex-resume-{Guid.NewGuid():N}");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(_files))
            Directory.Delete(_files, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_api_killed_in_the_middle_of_embedding_goes_on_and_ends_with_exactly_the_right_chunks()
    {
        await using var ai = AiHost.Start();
        var connection = await ApiFactory.CreateDatabaseAsync(postgres);
        var settings = Settings(ai);
        Guid id;
        await using (var idle = await ApiHost.Start(connection, new Dictionary<string, string?>(settings) { ["Ingestion:Workers"] = "0" }).ReadyAsync())
        {
            using var editor = await idle.SignInAsync("editor");
            id = (await editor.AddAsync("kurallar.txt", Rules(400))).Id;
            using var api = StartProcess(connection, new Dictionary<string, string?>(settings) { ["Ingestion:EmbeddingBatch"] = "1" });
            try
            {
                await UntilAsync(async () => await VectorsAsync(idle, id) > 10);
            }
            finally
            {
                api.Kill();
                await api.WaitForExitAsync(Cancellation);
            }

            var (vectors, chunks) = (await VectorsAsync(idle, id), (await idle.ChunksAsync(id)).Count);
            vectors.ShouldBeInRange(10, chunks - 1, "it was killed in the middle");
            (await editor.GetWireAsync<DocumentRecord>($"{Documents.Path}/{id}")).Status.ShouldBe(DocumentStatus.Running);
        }

        await using var host = await ApiHost.Start(connection, settings).ReadyAsync();
        using var client = await host.SignInAsync("editor");
        (await client.FinishedAsync(id)).Status.ShouldBe(DocumentStatus.Live);

        using var elsewhere = await host.SignInAsync("operator");
        elsewhere.DefaultRequestHeaders.Add("X-Tenant", "klinik");
        var undisturbed = await elsewhere.AddLiveAsync("kurallar.txt", Rules(400));
        var resumed = await host.ChunksAsync(id);
        resumed.Select(Content).ShouldBe((await host.ChunksAsync(undisturbed.Id)).Select(Content));
        resumed.Select(c => c.Position).ShouldBe(Enumerable.Range(0, resumed.Count));
        (await VectorsAsync(host, id)).ShouldBe(resumed.Count);
    }

    [Fact]
    public async Task Each_step_can_be_begun_again_over_what_a_dead_worker_left()
    {
        await using var ai = AiHost.Start();
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), Settings(ai)).ReadyAsync();
        using var editor = await host.SignInAsync("editor");
        var document = await editor.AddLiveAsync("kurallar.txt", Rules(20));
        var whole = (await host.ChunksAsync(document.Id)).Select(Content).ToList();
        await UntilAsync(async () => await VectorsAsync(host, document.Id) == whole.Count);

        foreach (var step in new[] { IngestionStep.Extract, IngestionStep.Chunk, IngestionStep.Embed, IngestionStep.Index, IngestionStep.Switch })
        {
            await LeaveHalfDoneAsync(host, document.Id, step, attempts: 1);
            (await editor.FinishedAsync(document.Id)).CurrentVersion.ShouldBe(1, step);

            (await host.ChunksAsync(document.Id)).Select(Content).ShouldBe(whole, step);
            await UntilAsync(async () => await VectorsAsync(host, document.Id) == whole.Count);
        }
    }

    [Fact]
    public async Task A_file_that_ends_its_worker_again_and_again_is_set_aside_until_someone_tries_it_again()
    {
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), Settings()).ReadyAsync();
        using var editor = await host.SignInAsync("editor");
        var document = await editor.AddLiveAsync("çökerten.txt", "Bu dosya işçiyi çökertir."u8.ToArray());

        await LeaveHalfDoneAsync(host, document.Id, IngestionStep.Extract, attempts: 3);
        var aside = await editor.FinishedAsync(document.Id);

        aside.Status.ShouldBe(DocumentStatus.Quarantined);
        aside.Problem!.Type.ShouldBe("urn:mefapex:problem:" + FileProblem.Crashed);
        using var retry = await editor.PostWireAsync($"{Documents.Path}/{document.Id}/retry", new { });
        retry.EnsureSuccessStatusCode();
        (await editor.FinishedAsync(document.Id)).Status.ShouldBe(DocumentStatus.Live);
    }

    [Fact]
    public async Task A_host_that_stops_gives_its_work_back_and_a_document_without_ai_service_gets_its_vectors_later()
    {
        var connection = await ApiFactory.CreateDatabaseAsync(postgres);
        Guid id;
        await using (var host = await ApiHost.Start(connection, Settings()).ReadyAsync())
        {
            using var editor = await host.SignInAsync("editor");
            id = (await editor.AddLiveAsync("sonra.txt", Rules(10))).Id;
            (await VectorsAsync(host, id)).ShouldBe(0);
        }

        await using var ai = AiHost.Start();
        await using var later = await ApiHost.Start(connection, Settings(ai)).ReadyAsync();
        var chunks = (await later.ChunksAsync(id)).Count;
        await UntilAsync(async () => await VectorsAsync(later, id) == chunks);
    }

    [Fact]
    public async Task A_book_of_300_pages_is_live_with_every_page_and_vector()
    {
        Poppler.ShouldBeThere();
        await using var ai = AiHost.Start();
        await using var host = await ApiHost.Start(await ApiFactory.CreateDatabaseAsync(postgres), Settings(ai)).ReadyAsync();
        using var editor = await host.SignInAsync("editor");
        var pages = Enumerable.Range(1, 300).Select(page => (string[])
        [
            $"{page}. Bolum {Letters(page)}", "",
            .. Enumerable.Range(1, 40).Select(line => $"Kural {page}-{line}: makine {Letters(page * line)} her {line} gunde bir kontrol edilir ve yazilir."),
        ]);
        var book = PdfFile.Of(pages);

        var start = Stopwatch.GetTimestamp();
        var document = await editor.AddLiveAsync("kitap.pdf", book);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{book.Length} bytes, {(await host.ChunksAsync(document.Id)).Count} chunks, live after {Stopwatch.GetElapsedTime(start)}");

        document.Versions[0].Pages.ShouldBe(300);
        document.Versions[0].EmptyPages.ShouldBeEmpty();
        var chunks = await host.ChunksAsync(document.Id);
        chunks.Select(c => c.Page).Distinct().ShouldBe(Enumerable.Range(1, 300).Select(page => (int?)page));
        (await VectorsAsync(host, document.Id)).ShouldBe(chunks.Count);
    }

    private static string Letters(int number) => string.Concat(number.ToString(CultureInfo.InvariantCulture).Select(d => (char)('a' + (d - '0'))));

    private static byte[] Rules(int count) => Encoding.UTF8.GetBytes(string.Join("\n\n", Enumerable.Range(1, count).Select(i =>
        $"{1 + i / 90}.{1 + i % 90} Kural {Letters(i)}\n\nMakine {Letters(i)} her {i} günde bir yağlanır, sonra {Letters(i * 7)} denetlenir.")));

    private static (int Position, int Offset, string? Heading, string Text, string Hash, string Folded, string Original) Content(DocumentChunk chunk) =>
        (chunk.Position, chunk.Offset, chunk.Heading, chunk.Text, chunk.TextHash, chunk.FoldedSearch.ToString(), chunk.OriginalSearch.ToString());

    /// <summary>The version as a worker leaves it that died at the step, with something broken that the step must mend.</summary>
    private static async Task LeaveHalfDoneAsync(ApiHost host, Guid id, string step, int attempts)
    {
        await using var db = await ContextAsync(host);
        await db.Documents.Where(d => d.Id == id).ExecuteUpdateAsync(d => d.SetProperty(x => x.CurrentVersion, (int?)null), Cancellation);
        switch (step)
        {
            case IngestionStep.Extract:
                var key = await db.DocumentVersions.Where(v => v.DocumentId == id).Select(v => v.StorageKey).SingleAsync(Cancellation);
                await host.Files().SaveDerivedAsync(key, "text", new byte[] { 65, 0 }, Cancellation);
                break;
            case IngestionStep.Chunk:
                await db.DocumentChunks.Where(c => c.DocumentId == id && c.Position % 2 == 0).ExecuteDeleteAsync(Cancellation);
                break;
            case IngestionStep.Embed:
                await db.ChunkVectors.Where(v => v.DocumentId == id && v.Position > 3).ExecuteDeleteAsync(Cancellation);
                break;
            case IngestionStep.Index:
                await db.Database.ExecuteSqlAsync(
                    $"update document_chunks set folded_search = '', original_search = '' where document_id = {id} and position > 1", Cancellation);
                break;
        }

        await db.DocumentVersions.Where(v => v.DocumentId == id).ExecuteUpdateAsync(
            v => v.SetProperty(x => x.Status, DocumentStatus.Running).SetProperty(x => x.Step, step)
                .SetProperty(x => x.Attempts, attempts).SetProperty(x => x.LeasedBy, "dead")
                .SetProperty(x => x.LeasedUntil, DateTimeOffset.UnixEpoch),
            Cancellation);
    }

    private static async Task<int> VectorsAsync(ApiHost host, Guid id)
    {
        await using var db = await ContextAsync(host);
        return await db.ChunkVectors.CountAsync(v => v.DocumentId == id, Cancellation);
    }

    private static Task<MefapexDb> ContextAsync(ApiHost host) =>
        Task.FromResult(host.Services.WholeDatabase());

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), deadline.Token);
    }

    private static Process StartProcess(string connection, Dictionary<string, string?> settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Mefapex.Api.dll"), "--urls", "http://127.0.0.1:0" },
            UseShellExecute = false,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["Logging__LogLevel__Default"] = "Error";
        start.Environment["Tokens__SigningKey"] = ApiHost.SigningKey;
        start.Environment[$"ConnectionStrings__{ResourceNames.Database}"] = connection;
        foreach (var (name, value) in settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        return Process.Start(start)!;
    }

    private Dictionary<string, string?> Settings(AiHost? ai = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Files:Folder"] = _files,
            ["Ingestion:Lease"] = "00:00:02",
            ["Ingestion:PollInterval"] = "00:00:00.2",
        };
        if (ai is not null)
            settings[$"services:{ResourceNames.Ai}:http:0"] = ai.Address.ToString();
        return settings;
    }
}
