using System.Net;
using System.Net.Http.Json;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Ingestion;

public sealed class DocumentTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Handbook =
        """
        # Bakım el kitabı

        Bu kitap hat bakımını anlatır.

        ## Haftalık bakım

        Her pazartesi konveyör zincirini yağlayın. Zincir gevşekse gergiyi iki tur sıkın.

        ## Yıllık bakım

        | Parça | Süre |
        |-------|------|
        | Filtre | 6 ay |
        | Kayış | 12 ay |
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_uploaded_file_becomes_chunks_that_are_spans_of_its_text_under_its_headings()
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var response = await editor.UploadAsync(
            "bakım el kitabı.md", Encoding.UTF8.GetBytes(Handbook), "text/markdown", ("category", "bakim"), ("owner", "Bakım"));
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var added = await response.ReadWireAsync<DocumentRecord>();
        response.Headers.Location!.ToString().ShouldBe($"{Documents.Path}/{added.Id}");
        added.Title.ShouldBe("bakım el kitabı");
        added.Category.ShouldBe("bakim");
        added.Owner.ShouldBe("Bakım");

        var document = await editor.FinishedAsync(added.Id);
        document.Status.ShouldBe(DocumentStatus.Live, document.Problem?.Detail);
        document.CurrentVersion.ShouldBe(1);
        document.Progress.Percent.ShouldBe(100);

        var chunks = await api.Host.ChunksAsync(added.Id);
        chunks.Select(c => c.Heading).ShouldBe(
            ["Bakım el kitabı", "Bakım el kitabı › Haftalık bakım", "Bakım el kitabı › Yıllık bakım"]);
        chunks[2].Text.ShouldBe("Parça: Filtre; Süre: 6 ay\nParça: Kayış; Süre: 12 ay");
        chunks.ShouldAllBe(c => c.Language == "tr" && c.OriginalSearch.Count > 0 && c.FoldedSearch.Count > 0);
        foreach (var chunk in chunks)
        {
            var span = await editor.GetWireAsync<DocumentText>(
                $"{Documents.Path}/{added.Id}/versions/1/text?start={chunk.Offset}&end={chunk.Offset + chunk.Text.Length}");
            span.Text.ShouldBe(chunk.Text);
        }
    }

    [Fact]
    public async Task Pages_of_a_pdf_are_kept_and_those_without_text_are_told()
    {
        Poppler.ShouldBeThere();
        using var editor = await api.Host.SignInAsync("editor");
        var pdf = PdfFile.Of(
        [
            ["1. Yangin", "", "Yangin duyulunca dugmeye basilir ve bina bosaltilir."],
            [],
            ["2. Deprem", "", "Deprem bitince toplanma alanina gidilir."],
        ]);

        var document = await editor.AddLiveAsync("acil durum.pdf", pdf);

        document.Versions[0].Pages.ShouldBe(3);
        document.Versions[0].EmptyPages.ShouldBe([2]);
        document.Notice.ShouldNotBeNull().ShouldContain("1");
        var chunks = await api.Host.ChunksAsync(document.Id);
        chunks.Select(c => (c.Page, c.Heading)).ShouldBe([(1, "1. Yangin"), (3, "2. Deprem")]);
    }

    [Fact]
    public async Task A_pdf_of_nothing_but_pictures_is_reported_not_silently_empty()
    {
        Poppler.ShouldBeThere();
        using var editor = await api.Host.SignInAsync("editor");
        var added = await editor.AddAsync("tarama.pdf", PdfFile.Of([[], []]));

        var document = await editor.FinishedAsync(added.Id);

        document.Status.ShouldBe(DocumentStatus.Failed);
        document.Problem!.Type.ShouldBe("urn:mefapex:problem:no-text");
        document.Problem.Detail.ShouldContain("OCR");
        document.CurrentVersion.ShouldBeNull();
    }

    [Fact]
    public async Task The_same_file_twice_is_one_document()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var content = Encoding.UTF8.GetBytes("Kantin menüsü panoda asılıdır.");
        var first = await editor.AddAsync("menü.txt", content);

        using var again = await editor.UploadAsync("başka ad.txt", content);
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await again.ReadWireAsync<DocumentRecord>()).Id.ShouldBe(first.Id);
        await editor.FinishedAsync(first.Id);
        using var whenLive = await editor.UploadAsync("menü.txt", content);
        (await whenLive.ReadWireAsync<DocumentRecord>()).Id.ShouldBe(first.Id);

        var responses = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
            editor.UploadAsync("aynı anda.txt", Encoding.UTF8.GetBytes("Aynı anda altı kez gelen dosya."))));
        var ids = await Task.WhenAll(responses.Select(r => r.ReadWireAsync<DocumentRecord>()));
        ids.Select(d => d.Id).Distinct().Count().ShouldBe(1);
        responses.Count(r => r.StatusCode == HttpStatusCode.Accepted).ShouldBe(1);
        Array.ForEach(responses, r => r.Dispose());
    }

    [Fact]
    public async Task A_new_file_takes_the_place_of_the_old_one_at_once()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var first = await editor.AddLiveAsync("nöbet.txt", "Nöbet listesi pazartesi asılır."u8.ToArray());
        var path = $"{Documents.Path}/{first.Id}/file";

        using var replaced = await editor.SendFileAsync(HttpMethod.Put, path, "nöbet.txt", "Nöbet listesi cuma asılır."u8.ToArray());
        replaced.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var document = await editor.FinishedAsync(first.Id);

        document.CurrentVersion.ShouldBe(2);
        document.Versions.Select(v => v.Status).ShouldBe([DocumentStatus.Live, DocumentStatus.Replaced]);
        (await api.Host.ChunksAsync(first.Id)).ShouldHaveSingleItem().Text.ShouldBe("Nöbet listesi cuma asılır.");
        var old = await editor.GetWireAsync<DocumentText>($"{Documents.Path}/{first.Id}/versions/1/text");
        old.Text.ShouldBe("Nöbet listesi pazartesi asılır.", "what was cited can still be read");

        using var broken = await editor.SendFileAsync(HttpMethod.Put, path, "nöbet.json", "{ bozuk"u8.ToArray());
        broken.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        document = await editor.FinishedAsync(first.Id);
        document.Status.ShouldBe(DocumentStatus.Failed);
        document.CurrentVersion.ShouldBe(2, "a file that fails takes nobody's place");
        (await api.Host.ChunksAsync(first.Id)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_deleted_document_leaves_no_trace()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var document = await editor.AddLiveAsync("silinecek.txt", "Bu belge birazdan silinecek."u8.ToArray());
        using var replaced = await editor.SendFileAsync(
            HttpMethod.Put, $"{Documents.Path}/{document.Id}/file", "silinecek.txt", "Bu belge şimdi silinecek."u8.ToArray());
        await editor.FinishedAsync(document.Id);
        var keys = await KeysAsync(document.Id);
        keys.Count.ShouldBe(2);
        keys.SelectMany(StoredFiles).Count().ShouldBe(6, "each version has its file, its text and its outline");
        var (rows, version) = await TracesAsync(document.Id);
        rows.ShouldBe(1 + 2 + 1);

        using var deleted = await editor.DeleteAsync(new Uri($"{Documents.Path}/{document.Id}", UriKind.Relative), Cancellation);
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await TracesAsync(document.Id)).Rows.ShouldBe(0);
        keys.SelectMany(StoredFiles).ShouldBeEmpty();
        (await TracesAsync(document.Id)).KnowledgeVersion.ShouldBeGreaterThan(version, "cached answers are void");
        using var again = await editor.DeleteAsync(new Uri($"{Documents.Path}/{document.Id}", UriKind.Relative), Cancellation);
        await again.ShouldBeProblemAsync(404, "document-not-found");
    }

    [Fact]
    public async Task Two_edits_at_once_do_not_overwrite_each_other()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var document = await editor.AddLiveAsync("iki düzeltme.txt", "İki kişi bu belgeyi düzeltir."u8.ToArray());

        using var blind = await ChangeAsync(editor, document.Id, null, new DocumentChange("Yeni ad", null, null, null));
        await blind.ShouldBeProblemAsync(428, "precondition-missing");
        using var first = await ChangeAsync(editor, document.Id, document.Revision, new DocumentChange("Yeni ad", null, null, null));
        var changed = await first.ReadWireAsync<DocumentRecord>();
        changed.Title.ShouldBe("Yeni ad");
        first.Headers.ETag!.Tag.ShouldBe($"\"{changed.Revision}\"");
        using var second = await ChangeAsync(editor, document.Id, document.Revision, new DocumentChange("Başka ad", null, null, null));
        await second.ShouldBeProblemAsync(412, "document-changed");
        (await second.Content.ReadAsStringAsync(Cancellation)).ShouldContain("Yeni ad");

        var chunk = (await api.Host.ChunksAsync(document.Id)).ShouldHaveSingleItem();
        chunk.FoldedSearch.ShouldContain(lexeme => lexeme.Text == "yeni", "the title is searched too");
    }

    [Fact]
    public async Task Members_open_what_is_for_them_and_see_neither_lists_nor_the_rest()
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var member = await api.Host.SignInAsync("demo");
        using var stranger = await api.Host.SignInAsync("hasta");
        var open = await editor.AddLiveAsync("herkese.txt", "Bu belge herkese açık."u8.ToArray());
        var closed = await editor.AddLiveAsync("gizli.txt", "Bu belge yalnız yöneticilere."u8.ToArray(), ("audience", "role:admin"));

        (await member.GetWireAsync<DocumentText>($"{Documents.Path}/{open.Id}/versions/1/text")).Text.ShouldBe("Bu belge herkese açık.");
        foreach (var path in new[] { "", "/file", "/versions/1/text" })
        {
            using var refused = await member.GetAsync(new Uri($"{Documents.Path}/{closed.Id}{path}", UriKind.Relative), Cancellation);
            refused.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
            using var elsewhere = await stranger.GetAsync(new Uri($"{Documents.Path}/{open.Id}{path}", UriKind.Relative), Cancellation);
            elsewhere.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
        }

        using var list = await member.GetAsync(new Uri(Documents.Path, UriKind.Relative), Cancellation);
        list.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var upload = await member.UploadAsync("benim.txt", "Üyeler dosya yükleyemez."u8.ToArray());
        upload.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_download_is_the_file_and_nothing_a_browser_would_run()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var html = "<h1>Duyuru</h1><script>alert(1)</script><p>Servis saat yedide kalkar.</p>"u8.ToArray();
        var document = await editor.AddAsync("duyuru ğüş.html", html);

        using var response = await editor.GetAsync(new Uri($"{Documents.Path}/{document.Id}/file", UriKind.Relative), Cancellation);

        (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBe(html);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/octet-stream");
        response.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        response.Content.Headers.ContentDisposition.FileNameStar.ShouldBe("duyuru ğüş.html");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    [Fact]
    public async Task The_list_is_filtered_and_paged()
    {
        using var admin = await api.Host.SignInAsync("yonetici");
        for (var i = 0; i < 3; i++)
            await admin.AddLiveAsync($"liste {i}.txt", Encoding.UTF8.GetBytes($"Liste belgesi {i}."), ("category", "liste"));
        var failed = await admin.AddAsync("liste bozuk.json", "{"u8.ToArray(), ("category", "liste"));
        await admin.FinishedAsync(failed.Id);

        var first = await admin.GetWireAsync<Page<DocumentRecord>>($"{Documents.Path}?category=liste&status=live&limit=2");
        var second = await admin.GetWireAsync<Page<DocumentRecord>>($"{Documents.Path}?category=liste&status=live&limit=2&cursor={first.Next}");
        first.Items.Concat(second.Items).Select(d => d.Title).ShouldBe(["liste 2", "liste 1", "liste 0"]);
        second.Next.ShouldBeNull();
        var found = await admin.GetWireAsync<Page<DocumentRecord>>($"{Documents.Path}?q=bozuk&status=failed");
        found.Items.ShouldHaveSingleItem().Id.ShouldBe(failed.Id);
        using var wrong = await admin.GetAsync(new Uri($"{Documents.Path}?status=yok", UriKind.Relative), Cancellation);
        await wrong.ShouldBeProblemAsync(400, "status-invalid");
    }

    [Fact]
    public async Task Progress_is_sent_until_the_work_ends()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var document = await editor.AddAsync("olaylar.txt", "Olaylar bu belgeyle birlikte gelir."u8.ToArray());

        var events = await editor.GetStringAsync(new Uri($"{Documents.Path}/{document.Id}/events", UriKind.Relative), Cancellation);

        events.ShouldContain("event: done");
        events.ShouldContain("\"status\":\"live\"");
        (await editor.FinishedAsync(document.Id)).Status.ShouldBe(DocumentStatus.Live);
    }

    [Fact]
    public async Task A_failed_file_can_be_tried_again_a_good_one_need_not()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var failed = await editor.AddAsync("yeniden.json", "[1,"u8.ToArray());
        await editor.FinishedAsync(failed.Id);
        using var retry = await editor.PostWireAsync($"{Documents.Path}/{failed.Id}/retry", new { });
        retry.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await retry.ReadWireAsync<DocumentRecord>()).Problem.ShouldBeNull();
        (await editor.FinishedAsync(failed.Id)).Status.ShouldBe(DocumentStatus.Failed);

        var good = await editor.AddLiveAsync("iyi.txt", "Bu dosyada bir sorun yok."u8.ToArray());
        using var needless = await editor.PostWireAsync($"{Documents.Path}/{good.Id}/retry", new { });
        await needless.ShouldBeProblemAsync(409, "retry-not-needed");
    }

    private static async Task<HttpResponseMessage> ChangeAsync(HttpClient client, Guid id, int? revision, DocumentChange change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Documents.Path}/{id}")
        {
            Content = JsonContent.Create(change, options: WireJson.Options),
        };
        if (revision is not null)
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{revision}\"");
        return await client.SendAsync(request, Cancellation);
    }

    private async Task<List<string>> KeysAsync(Guid id)
    {
        await using var db = await ContextAsync();
        return await db.DocumentVersions.Where(v => v.DocumentId == id).Select(v => v.StorageKey).ToListAsync(Cancellation);
    }

    private string[] StoredFiles(string key) =>
        Directory.GetFiles(api.Host.Files().Folder, key + "*", SearchOption.AllDirectories);

    private async Task<(int Rows, long KnowledgeVersion)> TracesAsync(Guid id)
    {
        await using var db = await ContextAsync();
        var rows = await db.Documents.CountAsync(d => d.Id == id, Cancellation)
            + await db.DocumentVersions.CountAsync(v => v.DocumentId == id, Cancellation)
            + await db.DocumentChunks.CountAsync(c => c.DocumentId == id, Cancellation)
            + await db.ChunkVectors.CountAsync(v => v.DocumentId == id, Cancellation);
        return (rows, await db.KnowledgeBases.SumAsync(k => k.Version, Cancellation));
    }

    private Task<MefapexDb> ContextAsync() =>
        Task.FromResult(api.Host.Services.WholeDatabase());
}
