using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.ServiceDefaults;

public sealed partial class ApiDocsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_document_describes_the_service_and_leaves_the_probes_out()
    {
        await using var service = await StartAsync();

        using var document = (await service.Client.GetFromJsonAsync<JsonDocument>("/openapi.json", Cancellation)).ShouldNotBeNull();

        document.RootElement.GetProperty("info").GetProperty("title").GetString().ShouldBe("Mefapex test");
        document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).ShouldBe(["/leave/{days}"]);
    }

    [Fact]
    public async Task The_document_says_which_operations_need_a_token()
    {
        await using var service = await LoopbackService.StartAsync(
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapApiDocs();
                app.MapGet("/open", () => "for all");
                app.MapGet("/mine", () => "for you").RequireAuthorization();
            },
            builder =>
            {
                builder.AddTokenChecks();
                builder.Services.AddSingleton(TestTokenKeys.Source());
                builder.AddApiDocs("Mefapex test");
            },
            new(StringComparer.Ordinal) { ["Tokens:SigningKey"] = "a key for tests that signs nothing outside" });

        using var document = (await service.Client.GetFromJsonAsync<JsonDocument>("/openapi.json", Cancellation)).ShouldNotBeNull();
        var root = document.RootElement;

        root.GetProperty("components").GetProperty("securitySchemes").GetProperty("Bearer").GetProperty("scheme").GetString().ShouldBe("bearer");
        root.GetProperty("paths").GetProperty("/mine").GetProperty("get").GetProperty("security")[0].TryGetProperty("Bearer", out _).ShouldBeTrue();
        root.GetProperty("paths").GetProperty("/open").GetProperty("get").TryGetProperty("security", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task The_page_needs_nothing_from_outside()
    {
        await using var service = await StartAsync();

        using var page = await service.Client.GetAsync("/docs", Cancellation);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        var html = await page.Content.ReadAsStringAsync(Cancellation);
        var files = FileOf().Matches(html).Select(match => match.Groups["file"].Value).ToArray();

        files.ShouldNotBeEmpty();
        foreach (var file in files)
        {
            file.ShouldNotContain("//");
            using var asset = await service.Client.GetAsync(
                new Uri(page.RequestMessage!.RequestUri!, file), Cancellation);
            asset.StatusCode.ShouldBe(HttpStatusCode.OK, file);
        }
    }

    private static Task<LoopbackService> StartAsync() => LoopbackService.StartAsync(
        app =>
        {
            app.MapApiDocs();
            app.MapGet("/leave/{days}", (int days) => days);
        },
        builder => builder.AddApiDocs("Mefapex test"));

    [GeneratedRegex("""(?:src|href)="(?<file>[^"]+)""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileOf();
}
