using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class EdgeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health/live", HttpStatusCode.OK)]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/boom", HttpStatusCode.InternalServerError)]
    public async Task Every_answer_carries_the_security_headers(string path, HttpStatusCode status)
    {
        await using var service = await StartAsync();

        using var answer = await service.Client.GetAsync(path, Cancellation);

        answer.StatusCode.ShouldBe(status);
        Of("Content-Security-Policy").ShouldBe("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        Of("X-Content-Type-Options").ShouldBe("nosniff");
        Of("Referrer-Policy").ShouldBe("no-referrer");
        Of("Permissions-Policy").ShouldContain("microphone=()");
        Of("Cross-Origin-Opener-Policy").ShouldBe("same-origin");
        Of("Cross-Origin-Resource-Policy").ShouldBe("same-origin");
        answer.Headers.Contains("Server").ShouldBeFalse();

        string Of(string header) => answer.Headers.GetValues(header).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("Production", "127.0.0.1", "https", "max-age=31536000; includeSubDomains")]
    [InlineData("Production", "127.0.0.1", "http", null)]
    [InlineData("Production", "", "https", null)]
    [InlineData("Development", "127.0.0.1", "https", null)]
    public async Task Browsers_that_came_over_https_are_to_stay_with_it(
        string environment, string proxies, string scheme, string? expected)
    {
        await using var service = await StartAsync(new() { ["Edge:TrustedProxies"] = proxies }, environment);

        using var answer = await SendAsync(service, "/health/live", ("X-Forwarded-Proto", scheme));

        var found = answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : null;
        found.ShouldBe(expected);
    }

    [Theory]
    [InlineData("", "198.51.100.7", "127.0.0.1")]
    [InlineData("10.0.0.0/8", "198.51.100.7", "127.0.0.1")]
    [InlineData("127.0.0.0/8", "198.51.100.7", "198.51.100.7")]
    [InlineData("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7")]
    public async Task Where_a_caller_comes_from_is_believed_of_configured_proxies_alone(string proxies, string forwarded, string expected)
    {
        await using var service = await StartAsync(new() { ["Edge:TrustedProxies"] = proxies });

        using var answer = await SendAsync(service, "/caller", ("X-Forwarded-For", forwarded), ("X-Forwarded-Host", "evil.example"));

        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldBe($"{expected} {service.Address.Authority}");
    }

    [Theory]
    [InlineData("AllowedHosts")]
    [InlineData("Edge:AllowedHosts")]
    public async Task A_request_for_a_foreign_host_name_is_refused(string key)
    {
        await using var service = await StartAsync(new() { [key] = "mefapex.example;*.clinic.example" });

        using var own = await SendAsync(service, "/caller", ("Host", "mefapex.example"));
        using var below = await SendAsync(service, "/caller", ("Host", "izmir.clinic.example:8000"));
        using var foreign = await SendAsync(service, "/caller", ("Host", "evil.example"));
        using var probe = await SendAsync(service, "/health/live", ("Host", "10.1.2.3"));

        own.StatusCode.ShouldBe(HttpStatusCode.OK);
        below.StatusCode.ShouldBe(HttpStatusCode.OK);
        foreign.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await TypeOf(foreign)).ShouldBe("urn:mefapex:problem:unknown-host");
        foreign.Headers.Contains("Content-Security-Policy").ShouldBeTrue();
        probe.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_answer_that_does_not_begin_in_time_is_a_problem()
    {
        await using var service = await StartAsync(new() { ["Edge:AnswerTimeout"] = "00:00:00.100" });

        using var answer = await service.Client.GetAsync("/never", Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        (await TypeOf(answer)).ShouldBe("urn:mefapex:problem:too-slow");
    }

    [Fact]
    public async Task What_has_begun_and_what_brings_a_file_has_more_time()
    {
        await using var service = await StartAsync(new() { ["Edge:AnswerTimeout"] = "00:00:00.100" });

        (await service.Client.GetStringAsync("/stream", Cancellation)).ShouldBe("begun and ended");
        (await service.Client.GetStringAsync("/file", Cancellation)).ShouldBe("kept");
    }

    [Fact]
    public async Task Bodies_and_headers_that_are_too_large_are_refused()
    {
        await using var service = await StartAsync(new() { ["Edge:MaxBodyBytes"] = "2048", ["Edge:MaxHeaderBytes"] = "4096" });

        using var body = await service.Client.PostAsJsonAsync("/echo", new string('a', 3000), Cancellation);
        using var header = await SendAsync(service, "/caller", ("X-Long", new string('a', 5000)));

        body.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await TypeOf(body)).ShouldBe("urn:mefapex:problem:payload-too-large");
        header.StatusCode.ShouldBe(HttpStatusCode.RequestHeaderFieldsTooLarge);
    }

    [Fact]
    public async Task The_server_has_the_configured_limits()
    {
        await using var service = await StartAsync(new() { ["Edge:MinBytesPerSecond"] = "500", ["Edge:HeadersTimeout"] = "00:00:07" });

        var limits = service.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        limits.MinRequestBodyDataRate.ShouldNotBeNull().BytesPerSecond.ShouldBe(500);
        limits.MinResponseDataRate.ShouldNotBeNull().BytesPerSecond.ShouldBe(500);
        limits.RequestHeadersTimeout.ShouldBe(TimeSpan.FromSeconds(7));
        limits.MaxRequestBodySize.ShouldBe(ServiceDefaultsExtensions.MaxRequestBodyBytes);
    }

    [Theory]
    [InlineData("TrustedProxies", "10.0.0.0/8, everyone")]
    [InlineData("AllowedHosts", "https://mefapex.example")]
    [InlineData("AllowedHosts", "mefapex.example:8000")]
    [InlineData("ProxyHops", "0")]
    [InlineData("HstsDays", "-1")]
    [InlineData("MaxBodyBytes", "0")]
    [InlineData("MaxHeaderBytes", "100")]
    [InlineData("HeadersTimeout", "00:00:00")]
    [InlineData("MinBytesPerSecond", "0")]
    [InlineData("AnswerTimeout", "02:00:00")]
    [InlineData("UploadTimeout", "00:00:01")]
    public async Task A_setting_out_of_range_refuses_the_start_and_is_named(string setting, string value)
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(new() { ["Edge:" + setting] = value }));

        refusal.Message.ShouldContain($"Edge:{setting} is ");
    }

    private static Task<LoopbackService> StartAsync(Dictionary<string, string?>? settings = null, string environment = "Production") =>
        LoopbackService.StartAsync(
            app =>
            {
                app.UseTimeLimits();
                app.MapGet("/boom", () => { throw new InvalidOperationException("boom"); });
                app.MapGet("/caller", (HttpContext context) => $"{context.Connection.RemoteIpAddress} {context.Request.Host}");
                app.MapPost("/echo", ([FromBody] string text) => text);
                app.MapGet("/never", async (CancellationToken cancellation) => await Task.Delay(Timeout.Infinite, cancellation));
                app.MapGet("/file", async (CancellationToken cancellation) =>
                {
                    await Task.Delay(300, cancellation);
                    return "kept";
                }).TakesFile();
                app.MapGet("/stream", async (HttpContext context) =>
                {
                    await context.Response.WriteAsync("begun", context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    await Task.Delay(300, context.RequestAborted);
                    await context.Response.WriteAsync(" and ended", context.RequestAborted);
                });
            },
            settings: settings,
            environment: environment);

    private static async Task<HttpResponseMessage> SendAsync(
        LoopbackService service, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return await service.Client.SendAsync(request, Cancellation);
    }

    private static async Task<string?> TypeOf(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonObject>(Cancellation))?["type"]?.GetValue<string>();
}
