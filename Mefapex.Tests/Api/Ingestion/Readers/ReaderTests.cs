using System.Text;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Ingestion.Readers;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Ingestion.Readers;

public sealed class ReaderTests
{
    private static readonly IOptions<IngestionOptions> Options = Microsoft.Extensions.Options.Options.Create(new IngestionOptions());

    [Fact]
    public async Task Html_gives_what_a_person_sees_with_headings_lists_and_tables()
    {
        var read = await ReadAsync(new HtmlReader(),
            """
            <html><head><title>Başlık</title><style>p{}</style></head><body>
            <nav>Menü</nav><h1>İzin &amp; <b>mazeret</b></h1><p>Yıllık izin<br>on dört gündür.</p>
            <ul><li>Evlilik <i>üç</i> gün</li><li>Doğum beş gün</li></ul>
            <table><tr><th>Kıdem</th><th>Gün</th></tr><tr><td>1–5 yıl</td><td><p>14</p></td></tr></table>
            <script>alert('x')</script><div hidden>gizli</div>Son söz</body></html>
            """);

        Lines(read).ShouldBe(
        [
            "1 İzin & mazeret", "Yıllık izin", "on dört gündür.", "- Evlilik üç gün", "- Doğum beş gün", "| Kıdem: 1–5 yıl; Gün: 14", "Son söz",
        ]);
    }

    [Fact]
    public async Task Html_nested_deeper_than_any_page_is_refused_before_it_costs_anything()
    {
        Lines(await ReadAsync(new HtmlReader(), string.Concat(Enumerable.Repeat("<div>", 500)) + "en dipte")).ShouldBe(["en dipte"]);
        Lines(await ReadAsync(new HtmlReader(), string.Concat(Enumerable.Repeat("<p>a<br><b>b</b>", 3000)))).Count.ShouldBe(6000);

        foreach (var tag in new[] { "<div>", "<div></x>", "<b><i>", "<table><td></div>" })
        {
            var refusal = await Should.ThrowAsync<UnreadableFileException>(
                () => ReadAsync(new HtmlReader(), string.Concat(Enumerable.Repeat(tag, 1_000_000))));
            refusal.Problem.ShouldBe(FileProblem.TooExpensive, tag);
        }
    }

    [Theory]
    [InlineData("Ad;Dahili\nAyşe;\"12;34\"\nAli;\"5 \"\"a\"\"\"\n")]
    [InlineData("Ad,Dahili\r\nAyşe,12;34\r\nAli,\"5 \"\"a\"\"\"")]
    [InlineData("Ad\tDahili\nAyşe\t12;34\n\nAli\t\"5\n\"\"a\"\"\"")]
    public async Task Rows_of_csv_say_which_column_a_value_is_of(string csv) =>
        Lines(await ReadAsync(new CsvFileReader(), csv)).ShouldBe(["| Ad: Ayşe; Dahili: 12;34", "| Ad: Ali; Dahili: 5 \"a\""]);

    [Fact]
    public async Task Json_objects_become_rows_under_the_names_that_lead_to_them()
    {
        var read = await ReadAsync(new JsonReader(),
            """{"kurum":"Fabrika","vardiyalar":[{"ad":"sabah","saat":7,"gunler":["pzt","sal"]},{"ad":"gece","saat":null}]}""");

        Lines(read).ShouldBe(["| kurum: Fabrika", "1 vardiyalar", "| ad: sabah; saat: 7; gunler: pzt, sal", "| ad: gece"]);
    }

    [Fact]
    public async Task Markdown_gives_text_without_its_marks()
    {
        var read = await ReadAsync(new MarkdownReader(),
            "---\ntitle: x\n---\n# Ana\n\nBir **koyu** [bağ](http://a.b) ve `kod`\nsürer.\n\n1. ilk\n2. ikinci\n\n<div>ham</div>\n\n## Alt\n\n```\nsatır 1\nsatır 2\n```\n");

        Lines(read).ShouldBe(["1 Ana", "Bir koyu bağ ve kod sürer.", "- ilk", "- ikinci", "2 Alt", "satır 1\nsatır 2"]);
    }

    [Fact]
    public async Task Docx_headings_are_known_by_outline_level_in_any_language_and_pages_as_word_laid_them_out()
    {
        var read = await ReadAsync(new DocxReader(Options), OfficeFile.Docx(
            """
            <w:p><w:pPr><w:pStyle w:val="Balk1"/></w:pPr><w:r><w:t>Güvenlik</w:t></w:r></w:p>
            <w:p><w:r><w:t xml:space="preserve">Baret </w:t></w:r><w:r><w:t>takılır.</w:t></w:r><w:del><w:r><w:t>silindi</w:t></w:r></w:del></w:p>
            <w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>Eldiven</w:t></w:r></w:p>
            <w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:lastRenderedPageBreak/><w:t>Ziyaretçi</w:t></w:r></w:p>
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Alan</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Renk</w:t></w:r></w:p></w:tc></w:tr>
            <w:tr><w:tc><w:p><w:r><w:t>Depo</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>sarı</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
            """,
            """<w:style w:styleId="Balk1"><w:name w:val="heading 1"/></w:style>"""));

        Lines(read).ShouldBe(["1 Güvenlik", "Baret takılır.", "- Eldiven", "2 Ziyaretçi", "| Alan: Depo; Renk: sarı"]);
        read.Blocks.Select(b => b.Page).ShouldBe([1, 1, 1, 2, 2]);
        read.Pages.ShouldBe(2);
    }

    [Fact]
    public async Task Xlsx_values_are_shown_as_in_excel_and_hidden_sheets_are_not()
    {
        var read = await ReadAsync(new XlsxReader(Options), OfficeFile.Xlsx(
            """
            <row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="inlineStr"><is><t>İndirim</t></is></c></row>
            <row><c r="A2" t="s"><v>3</v></c><c r="B2"><v>1250.5</v></c><c r="C2" s="1"><v>46347</v></c><c r="D2" s="2"><v>0.15</v></c></row>
            <row><c r="A3" t="str"><f>A2</f><v>Kontrol</v></c><c r="C3" s="3"><v>0.354166666666667</v></c></row>
            """,
            ["Hizmet", "Fiyat", "Tarih", "Muayene"],
            """
            <numFmts><numFmt numFmtId="164" formatCode="[$-41F]hh:mm&quot;d&quot;"/></numFmts>
            <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="164"/></cellXfs>
            """));

        Lines(read).ShouldBe(
        [
            "1 Fiyatlar", "| Hizmet: Muayene; Fiyat: 1250.5; Tarih: 21.11.2026; İndirim: %15", "| Hizmet: Kontrol; Tarih: 08:30",
        ]);
    }

    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16", false)]
    [InlineData("windows-1254", false)]
    public async Task Turkish_survives_every_encoding_it_comes_in(string name, bool hasMark)
    {
        var encoding = name == "windows-1254" ? CodePagesEncodingProvider.Instance.GetEncoding(1254)! : Encoding.GetEncoding(name);
        const string Text = "İşçi çağrı ığdır şoför günlüğü";
        byte[] bytes = [.. hasMark ? encoding.GetPreamble() : [], .. encoding.GetBytes(Text)];

        Lines(await ReadAsync(new TxtReader(), bytes)).ShouldBe([Text]);
    }

    [Fact]
    public async Task Text_without_marks_shows_its_headings_by_numbers_and_capitals()
    {
        var read = await ReadAsync(new TxtReader(),
            "GENEL HÜKÜMLER\n\n1.2 Kapsam\nBu yönerge herkesi\nkapsar.\n\n1. Kapıyı açın.\n2. İçeri girin.\n\nBölüm 3\n\n3 kişi gelir");

        Lines(read).ShouldBe(
            ["1 GENEL HÜKÜMLER", "2 1.2 Kapsam", "Bu yönerge herkesi kapsar.", "- 1. Kapıyı açın.", "- 2. İçeri girin.", "1 Bölüm 3", "3 kişi gelir"]);
    }

    [Fact]
    public async Task Headers_and_footers_of_a_pdf_are_no_part_of_its_text()
    {
        Poppler.ShouldBeThere();
        var pages = Enumerable.Range(1, 6).Select(i => new[] { "Mefapex El Kitabi", "", $"Bu sayfada {i}. kural anlatilir.", "", $"Sayfa {i} / 6" });

        var read = await ReadAsync(new PdfReader(Options), PdfFile.Of(pages));

        Lines(read).ShouldBe(Enumerable.Range(1, 6).Select(i => $"Bu sayfada {i}. kural anlatilir."));
    }

    [Fact]
    public async Task A_pdf_that_takes_too_long_is_given_up()
    {
        var sleeper = Sleeper();
        var slow = new PdfReader(Microsoft.Extensions.Options.Options.Create(
            new IngestionOptions { PdfToText = sleeper, PdfTimeout = TimeSpan.FromMilliseconds(200) }));

        var refusal = await Should.ThrowAsync<UnreadableFileException>(() => ReadAsync(slow, PdfFile.Of([["a"]])));
        File.Delete(sleeper);
        refusal.Problem.ShouldBe(FileProblem.TooExpensive);
    }

    [Fact]
    public async Task A_missing_pdf_reader_is_said_so()
    {
        var without = new PdfReader(Microsoft.Extensions.Options.Options.Create(new IngestionOptions { PdfToText = "no-such-program" }));

        var refusal = await Should.ThrowAsync<UnreadableFileException>(() => ReadAsync(without, PdfFile.Of([["a"]])));
        refusal.Problem.ShouldBe(FileProblem.PdfReaderMissing);
    }

    private static string Sleeper()
    {
        var script = Path.Combine(Path.GetTempPath(), $"mefapex-sleeper-{Guid.NewGuid():N}");
        File.WriteAllText(script, "#!/bin/sh\nexec sleep 60\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return script;
    }

    private static Task<ExtractedText> ReadAsync(ITextReader reader, string content) => ReadAsync(reader, Encoding.UTF8.GetBytes(content));

    private static async Task<ExtractedText> ReadAsync(ITextReader reader, byte[] content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"mefapex-reader-{Guid.NewGuid():N}");
        await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);
        try
        {
            var output = new TextCollector(100_000);
            await reader.ReadAsync(path, output, TestContext.Current.CancellationToken);
            return output.Finish();
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Each block in a line: headings after their level, list items after a hyphen, rows after a bar.</summary>
    private static List<string> Lines(ExtractedText read) =>
    [
        .. read.Blocks.Select(b => string.Concat(
            b.Kind switch
            {
                BlockKind.Heading => $"{b.Level} ",
                BlockKind.ListItem => "- ",
                BlockKind.Row => "| ",
                _ => "",
            },
            read.Text.AsSpan(b.Offset, b.Length))),
    ];
}
