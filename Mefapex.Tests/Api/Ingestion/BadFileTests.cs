using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Resources;
using System.Text;
using Mefapex.Api.Ingestion;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Contracts.Knowledge;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Ingestion;

public sealed class BadFileTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static readonly byte[] WindowsProgram = [.. "MZ"u8, 0x90, 0, 3, 0, 0, 0, .. new byte[500]];
    private static readonly byte[] LinuxProgram = [0x7F, .. "ELF"u8, 2, 1, 1, 0, .. new byte[500]];

    public static TheoryData<string, string?, byte[], int, string> Refused => new()
    {
        { "rapor.pdf", "application/pdf", WindowsProgram, 415, FileProblem.ContentMismatch },
        { "rapor.pdf", null, LinuxProgram, 415, FileProblem.ContentMismatch },
        { "rapor.txt", null, LinuxProgram, 415, FileProblem.ContentMismatch },
        { "rapor.txt", "text/plain", "#!/bin/sh\nrm -rf x\n"u8.ToArray(), 415, FileProblem.ContentMismatch },
        { "rapor.pdf", "text/html", "%PDF-1.4"u8.ToArray(), 415, FileProblem.MediaTypeMismatch },
        { "rapor.exe", null, WindowsProgram, 415, FileProblem.UnknownFormat },
        { "rapor", null, "metin"u8.ToArray(), 415, FileProblem.UnknownFormat },
        { "rapor.docx", null, OfficeFile.Zip(("a.txt", "düz bir arşiv")), 415, FileProblem.ContentMismatch },
        { "rapor.xlsx", null, OfficeFile.Docx("<w:p/>"), 415, FileProblem.ContentMismatch },
        { "rapor.md", null, "%PDF-1.4 adı md olan"u8.ToArray(), 415, FileProblem.ContentMismatch },
        { "rapor.docx", null, OfficeFile.Bomb(300), 422, FileProblem.ZipBomb },
        { "rapor.docx", null, [.. "PK"u8, 3, 4, .. new byte[100]], 422, FileProblem.Corrupt },
        { "rapor.txt", null, [], 422, FileProblem.NoText },
    };

    public static TheoryData<string, byte[], string> Failing => new()
    {
        { "kilitli.pdf", PdfFile.Of([["gizli"]], isLocked: true), FileProblem.Encrypted },
        { "bozuk.pdf", [.. "%PDF-1.7\n"u8, .. Encoding.ASCII.GetBytes(new string('x', 2000))], FileProblem.Corrupt },
        { "bozuk.json", "{\"a\": "u8.ToArray(), FileProblem.Corrupt },
        { "bozuk.csv", "a;b\n\"bitmeyen"u8.ToArray(), FileProblem.Corrupt },
        { "bozuk.docx", OfficeFile.Docx("<w:p><w:r>"), FileProblem.Corrupt },
        { "dtd.docx", Entities(), FileProblem.Corrupt },
        { "boş.docx", OfficeFile.Docx("<w:p/>"), FileProblem.NoText },
        { "boş.html", "<html><body><script>x</script></body></html>"u8.ToArray(), FileProblem.NoText },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_file_that_is_not_what_it_says_is_refused_and_not_kept(
        string name, string? mediaType, byte[] content, int status, string slug)
    {
        using var editor = await api.Host.SignInAsync("editor");
        var before = FilesKept();
        using var response = await editor.UploadAsync(name, content, mediaType);

        (await response.ShouldBeProblemAsync(status, slug)).ShouldNotContain("{");
        FilesKept().ShouldBeLessThanOrEqualTo(before);
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task A_file_that_cannot_be_read_fails_with_its_reason(string name, byte[] content, string slug)
    {
        if (name.EndsWith(".pdf", StringComparison.Ordinal))
            Poppler.ShouldBeThere();
        using var editor = await api.Host.SignInAsync("editor");
        var added = await editor.AddAsync(name, content);

        var document = await editor.FinishedAsync(added.Id);

        document.Status.ShouldBe(DocumentStatus.Failed);
        document.Problem!.Type.ShouldBe("urn:mefapex:problem:" + slug);
        document.Problem.Detail.Length.ShouldBeGreaterThan(20);
        document.CurrentVersion.ShouldBeNull();
        (await api.Host.ChunksAsync(added.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_zip_bomb_that_lies_about_its_size_is_stopped_while_it_unpacks()
    {
        var bomb = OfficeFile.Bomb(300);
        // The directory says one kilobyte: the sizes in the local and the central header.
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, 300 * 1024 * 1024);
        for (int at; (at = bomb.AsSpan().IndexOf(size)) >= 0;)
            BinaryPrimitives.WriteInt32LittleEndian(bomb.AsSpan(at), 1024);

        using var editor = await api.Host.SignInAsync("editor");
        using var response = await editor.UploadAsync("yalancı.docx", bomb);
        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var document = await editor.FinishedAsync((await response.ReadWireAsync<DocumentRecord>()).Id);

        document.Status.ShouldBe(DocumentStatus.Failed);
        document.Problem!.Type.ShouldBeOneOf("urn:mefapex:problem:zip-bomb", "urn:mefapex:problem:file-corrupt");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_of_50_megabytes_is_413_and_the_limit_is_named(bool tellsLength)
    {
        using var editor = await api.Host.SignInAsync("editor");
        var file = new StreamContent(new MemoryStream(new byte[50 * 1024 * 1024]));
        file.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var form = new MultipartFormDataContent { { file, "file", "büyük.txt" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, Documents.Path) { Content = form };
        request.Headers.ExpectContinue = tellsLength;
        request.Headers.TransferEncodingChunked = !tellsLength;

        using var response = await editor.SendAsync(request, Cancellation);

        (await response.ShouldBeProblemAsync(413, "file-too-large")).ShouldContain("25");
        // Nothing may have been stored by this host before: then there is no folder.
        Directory.CreateDirectory(api.Host.Files().Folder)
            .EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.FullName)
            .ShouldNotContain(path => new FileInfo(path).Length > 20 * 1024 * 1024);
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n--b--")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nkes")]
    public async Task A_request_without_a_whole_file_is_refused(string type, string body)
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var response = await editor.PostAsync(new Uri(Documents.Path, UriKind.Relative), content, Cancellation);

        response.StatusCode.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.UnsupportedMediaType);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("audience", "herkes")]
    [InlineData("audience", "role:")]
    [InlineData("title", "\u0007")]
    public async Task Fields_that_make_no_sense_are_refused(string field, string value)
    {
        using var editor = await api.Host.SignInAsync("editor");
        using var response = await editor.UploadAsync("alan.txt", "Alanları bozuk bir dosya."u8.ToArray(), null, (field, value));

        (await response.ShouldBeProblemAsync(400, "field-invalid")).ShouldContain(field);
    }

    [Fact]
    public void Every_problem_of_a_file_has_its_texts()
    {
        var resources = new ResourceManager(typeof(IngestionTexts));
        foreach (var slug in FileProblem.All)
        {
            resources.GetString(slug, CultureInfo.InvariantCulture).ShouldNotBeNull(slug);
            resources.GetString(slug + ".title", CultureInfo.InvariantCulture).ShouldNotBeNull(slug);
        }
    }

    /// <summary>A document whose entities would grow to gigabytes.</summary>
    private static byte[] Entities() => OfficeFile.Zip((
        "word/document.xml",
        """
        <?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
        <w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>
        """));

    private int FilesKept() => Directory.Exists(api.Host.Files().Folder)
        ? Directory.GetFiles(api.Host.Files().Folder, "*", SearchOption.AllDirectories).Length
        : 0;
}
