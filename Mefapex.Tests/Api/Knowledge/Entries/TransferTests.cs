using System.Text;
using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Entries.Transfer;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Entries;

public sealed class TransferTests(ApiFactory api, PostgresFixture postgres) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task What_is_exported_can_be_imported_elsewhere_and_exports_the_same(string format)
    {
        using var source = await EditorClient.SignInAsync(api.Host, "operator", "klinik");
        using var target = await EmptyTenantAsync($"bos-{format}");
        var exported = await ExportAsync(source, format);

        var report = await ImportAsync(target, exported, $"format={format}&mode=publish");
        report.Applied.ShouldBeTrue();
        report.Created.ShouldBe(SampleKnowledge.Ids("klinik").Count());
        report.Rows.ShouldAllBe(r => r.Outcome == "created");
        var again = await ExportAsync(target, format);
        Encoding.UTF8.GetString(again).ReplaceLineEndings().Replace($"\"bos-{format}\"", "\"klinik\"", StringComparison.Ordinal)
            .ShouldBe(Encoding.UTF8.GetString(exported).ReplaceLineEndings());
        var answer = await EditorClient.AskAsync(target.Http, "Tercüman hizmeti var mı?");
        answer.Sources.ShouldContain(s => s.Id == "tercuman");

        var repeated = await ImportAsync(target, exported, $"format={format}&mode=publish");
        (repeated.Created, repeated.Changed, repeated.Unchanged).ShouldBe((0, 0, report.Created));
    }

    [Fact]
    public async Task The_sample_files_are_taken_as_they_are()
    {
        using var target = await EmptyTenantAsync("ornek");
        var file = await File.ReadAllBytesAsync(
            Path.Combine(RepositoryRoot.Path, "Mefapex.Api", "Knowledge", "Samples", "klinik.json"), Cancellation);
        var report = await ImportAsync(target, file, "mode=publish");
        report.Created.ShouldBe(SampleKnowledge.Ids("klinik").Count());
        var entry = await target.ReadAsync<Entry>("/entries/tercuman");
        (entry.Status, entry.PublishedVersion).ShouldBe(("published", 1));
        entry.Texts["tr"].Answer.ShouldBe(SampleKnowledge.Answer("klinik", "tercuman"));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_does_nothing()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var before = await ExportAsync(editor, "json");
        var file = Json(Row("otopark", "Bambaşka bir cevap."), Row("yepyeni-kayit", "Yeni."));

        var report = await ImportAsync(editor, file, "mode=publish&dry_run=true");
        report.Applied.ShouldBeFalse();
        report.Rows.Select(r => (r.Line, r.Id, r.Outcome)).ShouldBe([(2, "otopark", "changed"), (3, "yepyeni-kayit", "created")]);
        (await ExportAsync(editor, "json")).ShouldBe(before);
    }

    [Fact]
    public async Task An_import_as_drafts_leaves_what_is_published_alone()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var report = await ImportAsync(editor, Json(Row("tatil-gunleri-taslak", "Yeni."), Row("kart-basma", "Kart basma değişti.")), "");
        report.Applied.ShouldBeTrue();
        var created = await editor.ReadAsync<Entry>("/entries/tatil-gunleri-taslak");
        (created.Status, created.PublishedVersion).ShouldBe(("draft", null));
        created.Author.ShouldBe("editor");
    }

    [Fact]
    public async Task One_wrong_row_keeps_everything_out_and_every_error_is_named_with_its_line()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        var file = Encoding.UTF8.GetBytes(
            """
            {"entries": [
              {"id": "hatasiz-kayit", "category": "Genel", "owner": "İK", "title": "Hatasız", "questions": ["Hatasız mı?"], "answer": "Evet."},
              {"id": "hatali-kayit", "category": "", "owner": 7, "title": "Hatalı", "questions": "tek", "answer": "x",
               "validFrom": "01.02.2026", "renk": "mavi"},
              "metin",
              {"id": "hatasiz-kayit", "category": "Genel", "owner": "İK", "title": "Yine", "questions": ["Yine mi?"], "answer": "Evet."}
            ]}
            """);
        using var response = await SendAsync(editor, file, "mode=publish");
        await response.ShouldBeProblemAsync(400, "import-refused");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var report = problem.RootElement.GetProperty("report").Deserialize<ImportReport>(WireJson.Options)!;
        report.Rows.Select(r => (r.Line, r.Outcome)).ShouldBe([(2, "created"), (3, "error"), (5, "error"), (6, "error")]);
        report.Rows[1].Errors!.Keys.ShouldBe(["category", "owner", "texts.tr.questions", "questions", "validFrom", "renk"], ignoreOrder: true);
        report.Rows[3].Errors!.Keys.ShouldBe(["id"]);
        using var missing = await editor.SendAsync(HttpMethod.Get, "/entries/hatasiz-kayit");
        await missing.ShouldBeProblemAsync(404, "entry-not-found");
    }

    [Theory]
    [InlineData("json", "{\"entries\": [\n{]}", "2")]
    [InlineData("json", "{\"rows\": []}", "entries")]
    [InlineData("csv", "id,title\na,b\n", "questions")]
    public async Task A_file_of_another_kind_is_refused_with_the_place(string format, string file, string named)
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var response = await SendAsync(editor, Encoding.UTF8.GetBytes(file), $"format={format}");
        (await response.ShouldBeProblemAsync(400, "file-unreadable")).ShouldContain(named);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_an_empty_body_and_an_unknown_format_are_refused()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        byte[] latin5 = [.. "id,title,questions,answer,category,owner\na,"u8, 0xFE, .. ",b,c,d,e\n"u8];
        using (var response = await SendAsync(editor, latin5, "format=csv"))
            await response.ShouldBeProblemAsync(400, "file-unreadable");
        using (var response = await SendAsync(editor, [], "format=csv"))
            await response.ShouldBeProblemAsync(400, "file-missing");
        using (var response = await SendAsync(editor, latin5, "format=xml"))
            await response.ShouldBeProblemAsync(400, "format-unknown");
    }

    [Fact]
    public async Task Cells_that_a_spreadsheet_would_compute_are_exported_behind_an_apostrophe_and_come_back_without()
    {
        using var target = await EmptyTenantAsync("formul");
        var write = EditorClient.Write("=HYPERLINK(\"http://kotu.example\",\"tıkla\")", "- madde\n- madde", "@SUM(1+1)", "formul") with
        {
            Category = "+49",
            Owner = "-2+3",
            Tags = ["'=x", "düz"],
        };
        var entry = await target.CreateAsync(write);

        var csv = Encoding.UTF8.GetString(await ExportAsync(target, "csv"));
        csv[0].ShouldBe('\uFEFF');
        foreach (var cell in (string[])["'@SUM(1+1)", "\"'=HYPERLINK(\"\"http://", "\"'- madde\n- madde\"", ",'+49,", ",'-2+3,", "\"''=x\ndüz\""])
            csv.ShouldContain(cell);

        var repeated = await ImportAsync(target, Encoding.UTF8.GetBytes(csv), "format=csv&mode=draft");
        repeated.Rows.ShouldHaveSingleItem().Outcome.ShouldBe("unchanged");
        using var other = await EmptyTenantAsync("formul-iki");
        await ImportAsync(other, Encoding.UTF8.GetBytes(csv), "format=csv&mode=draft");
        var copy = await other.ReadAsync<Entry>("/entries/formul");
        (copy.Category, copy.Owner).ShouldBe((entry.Category, entry.Owner));
        copy.Tags.ShouldBe(entry.Tags);
        copy.Texts["tr"].Questions.ShouldBe(entry.Texts["tr"].Questions);
        copy.Texts["tr"].Answer.ShouldBe(entry.Texts["tr"].Answer);
    }

    [Theory]
    [InlineData("=1", "'=1")]
    [InlineData("\t1", "'\t1")]
    [InlineData("＝1", "'＝1")]
    [InlineData("''@a", "'''@a")]
    [InlineData("'tırnak'", "'tırnak'")]
    [InlineData("a=1", "a=1")]
    [InlineData("", "")]
    public void Every_text_comes_back_from_its_cell(string text, string cell)
    {
        CsvCell.Write(text).ShouldBe(cell);
        CsvCell.Read(cell).ShouldBe(text);
    }

    [Fact]
    public async Task A_spreadsheet_with_semicolons_two_languages_and_quotes_is_read_from_a_form()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        const string Csv = """"
            id;language;title;questions;answer;category;owner;audience
            iki-dilli;tr;"Başlık; ""tırnaklı""";"Soru bir?
            Soru iki?";Cevap;Genel;İK;role:editor
            iki-dilli;en;Title;Question?;Answer;;;
            ;tr;Kimliksiz;Kimliksiz mi?;Evet;Genel;İK;
            """";
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Encoding.UTF8.GetBytes(Csv)), "file", "bilgi.csv" } };
        using var response = await editor.SendAsync(HttpMethod.Post, "/import?format=csv", form, ifMatch: null);
        var report = await response.ReadWireAsync<ImportReport>();
        report.Rows.Select(r => (r.Line, r.Id)).ShouldBe([(2, "iki-dilli"), (5, "kimliksiz")]);

        var entry = await editor.ReadAsync<Entry>("/entries/iki-dilli");
        entry.Texts["tr"].Title.ShouldBe("Başlık; \"tırnaklı\"");
        entry.Texts["tr"].Questions.ShouldBe(["Soru bir?", "Soru iki?"]);
        entry.Texts["en"].Answer.ShouldBe("Answer");
        entry.Audience.ShouldBe(["role:editor"]);
    }

    [Fact]
    public async Task An_export_can_be_filtered_like_the_list()
    {
        using var editor = await EditorClient.SignInAsync(api.Host);
        using var document = JsonDocument.Parse(await editor.Http.GetByteArrayAsync(
            new Uri($"{EditorClient.Root}/export?category=Yemekhane", UriKind.Relative), Cancellation));
        var categories = document.RootElement.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("category").GetString()).ToList();
        categories.ShouldNotBeEmpty();
        categories.ShouldAllBe(c => c == "Yemekhane");
    }

    [Fact]
    public async Task A_file_above_the_limit_is_413()
    {
        await using var host = await ApiHost.Start(
            api.ConnectionString, new Dictionary<string, string?> { ["Knowledge:ImportBytes"] = "1000" }).ReadyAsync();
        using var editor = await EditorClient.SignInAsync(host);
        using var response = await SendAsync(editor, new byte[1001], "");
        await response.ShouldBeProblemAsync(413, "payload-too-large");
    }

    [Fact]
    public async Task With_four_eyes_nobody_publishes_what_they_wrote_alone_not_even_by_import()
    {
        await using var host = await ApiHost.Start(
            await ApiFactory.CreateDatabaseAsync(postgres), new Dictionary<string, string?> { ["Knowledge:FourEyes"] = "true" }).ReadyAsync();
        using var editor = await EditorClient.SignInAsync(host);
        using var admin = await EditorClient.SignInAsync(host, "yonetici");
        var entry = await editor.DoAsync(await editor.CreateAsync(EditorClient.Write("Dört göz?", "Evet.", "Dört göz")), "review");
        using (var refused = await editor.TryAsync(entry, "publish"))
            await refused.ShouldBeProblemAsync(409, "four-eyes");
        (await admin.DoAsync(entry, "publish")).PublishedVersion.ShouldBe(1);

        using var import = await SendAsync(editor, Json(Row("dort-goz-iki", "Hayır.")), "mode=publish");
        await import.ShouldBeProblemAsync(409, "four-eyes");
    }

    private static string Row(string id, string answer) => JsonSerializer.Serialize(
        new { id, category = "Genel", owner = "İK", title = id, questions = (string[])[$"{id} nedir?"], answer });

    private static byte[] Json(params string[] rows) => Encoding.UTF8.GetBytes($"{{\"entries\": [\n{string.Join(",\n", rows)}\n]}}");

    private static Task<byte[]> ExportAsync(EditorClient editor, string format) =>
        editor.Http.GetByteArrayAsync(new Uri($"{EditorClient.Root}/export?format={format}", UriKind.Relative), Cancellation);

    private static Task<HttpResponseMessage> SendAsync(EditorClient editor, byte[] file, string query) =>
        editor.SendAsync(HttpMethod.Post, $"/import?{query}", new ByteArrayContent(file), ifMatch: null);

    private static async Task<ImportReport> ImportAsync(EditorClient editor, byte[] file, string query)
    {
        using var response = await SendAsync(editor, file, query);
        return await response.ReadWireAsync<ImportReport>();
    }

    private async Task<EditorClient> EmptyTenantAsync(string slug)
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        db.Tenants.Add(new Tenant { Id = Guid.CreateVersion7(), Slug = slug, Name = slug, Locale = "tr" });
        await db.SaveChangesAsync(Cancellation);
        return await EditorClient.SignInAsync(api.Host, "operator", slug);
    }
}
