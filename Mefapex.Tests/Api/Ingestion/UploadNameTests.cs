using System.Text;
using Mefapex.Api.Files;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Ingestion;

public sealed class UploadNameTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Theory]
    [InlineData("../../../../etc/passwd.html", "passwd.html")]
    [InlineData("..\\..\\windows\\win.html", "win.html")]
    [InlineData("/tmp/mefapex-evil.html", "mefapex-evil.html")]
    [InlineData("C:\\evil.html", "evil.html")]
    public async Task The_name_of_an_upload_never_becomes_a_path(string given, string kept)
    {
        using var editor = await api.Host.SignInAsync("editor");
        var store = api.Host.Services.GetRequiredService<FileStore>();
        var content = Encoding.UTF8.GetBytes($"<html><body><h1>{Guid.NewGuid()}</h1><p>Duyuru metni burada.</p></body></html>");

        var document = await editor.AddAsync(given, content);

        document.Versions[0].FileName.ShouldBe(kept);
        var files = Directory.GetFiles(store.Folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName).ToList();
        files.ShouldNotBeEmpty();
        files.ShouldAllBe(name => name!.Length >= 32 && name.Take(32).All(char.IsAsciiHexDigitLower));
        File.Exists(Path.Combine(Path.GetTempPath(), "mefapex-evil.html")).ShouldBeFalse();
        var webRoot = api.Host.Services.GetRequiredService<IWebHostEnvironment>().WebRootPath;
        if (!string.IsNullOrEmpty(webRoot))
            store.Folder.ShouldNotStartWith(webRoot);
    }
}
