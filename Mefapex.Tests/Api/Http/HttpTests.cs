using System.Net;
using System.Reflection;
using System.Text.Json;
using Mefapex.Contracts.Health;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Http;

public sealed class HttpTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_root_leads_to_the_web_page()
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler);
        using var response = await client.GetAsync(api.Host.Address, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        response.Headers.Location.ShouldBe(new Uri("http://localhost:5173/"));
    }

    [Fact]
    public async Task Health_tells_the_state_in_the_words_of_the_contract()
    {
        var health = await api.Host.Anonymous.GetWireAsync<ServiceHealth>("/health");

        health.Status.ShouldBe("healthy");
        health.Database.ShouldBe("healthy");
        Version.TryParse(health.Version, out _).ShouldBeTrue(health.Version);
    }

    [Fact]
    public async Task The_description_lists_every_path_and_its_page_opens()
    {
        using var document = await api.Host.Anonymous.GetWireAsync<JsonDocument>("/openapi.json");
        var described = document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        var served = api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<MethodInfo>() is not null)
            .Where(e => e.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is not { ExcludeFromDescription: true })
            .Select(e => '/' + string.Join('/', e.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(TextOf)))))
            .Distinct(StringComparer.Ordinal);

        described.ShouldBe(served, ignoreOrder: true);
        foreach (var path in (string[])["/login", "/me", "/chat", "/api/chat/message", "/chat/sessions/save", "/api/v1/conversations", "/health"])
            described.ShouldContain(path);

        using var page = await api.Host.Anonymous.GetAsync(new Uri("/docs", UriKind.Relative), Cancellation);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await page.Content.ReadAsStringAsync(Cancellation)).ShouldContain("swagger-ui");
    }

    [Theory]
    [InlineData("GET", "/yok", 404, "not-found")]
    [InlineData("GET", "/api/v1/conversations/42/messages", 404, "not-found")]
    [InlineData("GET", "/login", 405, "method-not-allowed")]
    public async Task An_address_that_is_not_there_is_a_problem(string method, string path, int status, string slug)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await api.Host.Anonymous.SendAsync(request, Cancellation);

        await response.ShouldBeProblemAsync(status, slug);
    }

    private static string TextOf(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternSeparatorPart separator => separator.Content,
        RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
        _ => "",
    };
}
