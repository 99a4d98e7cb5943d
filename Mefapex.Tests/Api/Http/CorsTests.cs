using System.Net;
using Mefapex.Api.Http;
using Mefapex.Tests.Support;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.Api.Http;

public sealed class CorsTests(ApiFactory api, Browser browser) : IClassFixture<ApiFactory>
{
    private const string Intranet = "https://intranet.example";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_page_of_another_origin_may_call_unless_it_is_configured()
    {
        using var preflight = await PreflightAsync(api.Host, Intranet);
        using var call = await CallAsync(api.Host, Intranet);

        preflight.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        call.StatusCode.ShouldBe(HttpStatusCode.OK);
        call.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Fact]
    public async Task A_configured_origin_may_call_without_cookies_and_no_other()
    {
        await using var host = ApiHost.Start(api.ConnectionString, new Dictionary<string, string?>
        {
            ["Web:AllowedOrigins"] = $"{Intranet}/, http://localhost:3000",
        });

        using var preflight = await PreflightAsync(host, Intranet);
        using var call = await CallAsync(host, Intranet);
        using var failure = await CallAsync(host, Intranet, "/me");
        using var stranger = await CallAsync(host, "https://evil.example");

        preflight.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Intranet]);
        preflight.Headers.GetValues("Access-Control-Allow-Headers").ShouldBe(["authorization"]);
        call.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Intranet]);
        call.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();
        failure.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        failure.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Intranet]);
        stranger.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("*", true)]
    [InlineData("https://a.example, http://b.example:8080/", true)]
    [InlineData("a.example", false)]
    [InlineData("https://a.example/path", false)]
    [InlineData("ftp://a.example", false)]
    [InlineData("https://a.example, null", false)]
    public void What_is_not_an_origin_refuses_the_start(string origins, bool accepted)
    {
        var result = new WebOptionsValidator().Validate(Options.DefaultName, new WebOptions { AllowedOrigins = origins });

        result.Succeeded.ShouldBe(accepted);
        if (!accepted)
            result.FailureMessage.ShouldNotBeNull().ShouldContain("ALLOWED_ORIGINS");
    }

    [Fact]
    public async Task Answers_allow_nothing_and_the_documentation_page_only_what_it_needs()
    {
        using var call = await CallAsync(api.Host, Intranet);
        call.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldStartWith("default-src 'none'; base-uri");

        await using var page = await browser.OpenAsync(api.Host.Address);
        await page.Page.GotoAsync("/docs");
        await page.Page.Locator(".opblock-summary").First.ClickAsync();
        await page.Page.Locator(".opblock-body").First.WaitForAsync();
        page.ShouldBeClean();
    }

    private static async Task<HttpResponseMessage> PreflightAsync(ApiHost host, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/chat")
        {
            Headers =
            {
                { "Origin", origin },
                { "Access-Control-Request-Method", "POST" },
                { "Access-Control-Request-Headers", "authorization" },
            },
        };
        return await host.Anonymous.SendAsync(request, Cancellation);
    }

    private static async Task<HttpResponseMessage> CallAsync(ApiHost host, string origin, string path = "/health/live")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Origin", origin } } };
        return await host.Anonymous.SendAsync(request, Cancellation);
    }
}
