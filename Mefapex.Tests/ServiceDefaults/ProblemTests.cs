using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Mime;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class ProblemTests
{
    private const string Secret = "Host=db1;Password=hunter2";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task An_unexpected_exception_is_told_without_its_words_and_logged_with_them(string environment)
    {
        await using var service = await LoopbackService.StartAsync(Map, environment: environment);

        using var response = await service.Client.GetAsync("/boom", Cancellation);
        var body = await response.Content.ReadAsStringAsync(Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        TypeOf(body).ShouldBe("urn:mefapex:problem:unexpected");
        body.ShouldNotContain("hunter2");
        body.ShouldNotContain(nameof(InvalidOperationException));
        body.ShouldNotContain("   at ");
        var error = service.Logs.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem();
        error.Exception.ShouldBeOfType<InvalidOperationException>().Message.ShouldBe(Secret);
    }

    [Theory]
    [InlineData("tr-TR,tr;q=0.9,en;q=0.5", "Bulunamadı", "/yok adresinde bir şey yok ya da sizin görebileceğiniz bir şey yok.")]
    [InlineData("en-GB,en;q=0.9", "Not found", "There is nothing at /yok, or nothing that you may see.")]
    [InlineData("de", "Bulunamadı", "/yok adresinde bir şey yok ya da sizin görebileceğiniz bir şey yok.")]
    public async Task An_empty_error_is_filled_in_the_callers_language(string accepted, string title, string detail)
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var problem = await SendAsync(service, HttpMethod.Get, "/yok", accepted, HttpStatusCode.NotFound);

        var root = problem.RootElement;
        root.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:not-found");
        root.GetProperty("title").GetString().ShouldBe(title);
        root.GetProperty("detail").GetString().ShouldBe(detail);
        root.GetProperty("status").GetInt32().ShouldBe(404);
        root.GetProperty("instance").GetString().ShouldBe("/yok");
        root.GetProperty("trace_id").GetString()!.ShouldMatch("^[0-9a-f]{32}$");
        root.GetProperty("correlation_id").GetString().ShouldBe(root.GetProperty("trace_id").GetString());
    }

    [Theory]
    [InlineData("{\"name\":\"x\",\n  \"age\":\"old\"}", "The value of “age” has the wrong type or form (line 2, column")]
    [InlineData("{\"name\":\"x\",,}", "The body is not valid JSON: line 1, column 13.")]
    [InlineData("name=x", "The body is not valid JSON: line 1, column 2.")]
    public async Task Wrong_json_names_the_position(string json, string detail)
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var problem = await SendAsync(service, HttpMethod.Post, "/people", "en", HttpStatusCode.BadRequest, json);

        problem.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:wrong-json");
        problem.RootElement.GetProperty("detail").GetString().ShouldStartWith(detail);
    }

    [Fact]
    public async Task A_missing_body_and_a_malformed_parameter_say_what_was_expected()
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var missing = await SendAsync(service, HttpMethod.Post, "/people", "en", HttpStatusCode.BadRequest);
        missing.RootElement.GetProperty("detail").GetString().ShouldStartWith("The request has no body.");

        using var malformed = await SendAsync(service, HttpMethod.Get, "/people?limit=ten", "en", HttpStatusCode.BadRequest);
        malformed.RootElement.GetProperty("detail").GetString()!.ShouldContain("limit");
    }

    [Fact]
    public async Task Errors_of_the_framework_carry_a_stable_type()
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var method = await SendAsync(service, HttpMethod.Delete, "/people", "en", HttpStatusCode.MethodNotAllowed);
        method.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:method-not-allowed");

        using var media = await SendAsync(
            service, HttpMethod.Post, "/people", "en", HttpStatusCode.UnsupportedMediaType, "name", MediaTypeNames.Text.Plain);
        media.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:unsupported-media-type");

        var large = $"{{\"name\":\"{new string('a', (int)ServiceDefaultsExtensions.MaxRequestBodyBytes)}\"}}";
        using var size = await SendAsync(service, HttpMethod.Post, "/people", "en", HttpStatusCode.RequestEntityTooLarge, large);
        size.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:payload-too-large");
    }

    [Fact]
    public async Task A_problem_of_a_feature_keeps_its_type_and_detail()
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var problem = await SendAsync(service, HttpMethod.Get, "/refused", "tr", HttpStatusCode.Conflict);

        problem.RootElement.GetProperty("type").GetString().ShouldBe("urn:mefapex:problem:name-taken");
        problem.RootElement.GetProperty("detail").GetString().ShouldBe("Bu ad alınmış.");
        problem.RootElement.GetProperty("title").GetString().ShouldBe("İstek okunamadı");
    }

    [Theory]
    [InlineData("/outage/database")]
    [InlineData("/outage/service")]
    public async Task An_outage_behind_the_service_answers_503_and_when_to_come_back(string path)
    {
        await using var service = await LoopbackService.StartAsync(Map);

        using var response = await service.Client.GetAsync(path, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldBe(TimeSpan.FromSeconds(5));
        TypeOf(await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("urn:mefapex:problem:unavailable");
    }

    [Fact]
    public async Task A_features_own_exception_handler_comes_first()
    {
        await using var service = await LoopbackService.StartAsync(
            Map, builder => builder.Services.AddExceptionHandler<Teapot>());

        (await service.Client.GetAsync("/boom", Cancellation)).StatusCode.ShouldBe((HttpStatusCode)418);
    }

    [Fact]
    public async Task A_caller_that_left_is_no_error()
    {
        var reached = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        await using var service = await LoopbackService.StartAsync(app => app.MapGet("/slow", async (CancellationToken aborted) =>
        {
            reached.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, aborted);
            }
            finally
            {
                left.SetResult();
            }
        }));
        using var impatience = new CancellationTokenSource();
        var pending = service.Client.GetAsync("/slow", impatience.Token);
        await reached.Task.WaitAsync(Cancellation);

        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => pending);
        await left.Task.WaitAsync(Cancellation);
        await service.App.StopAsync(Cancellation);

        service.Logs.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public void Both_languages_have_a_title_and_a_detail_for_every_type()
    {
        var types = typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(type => type != ProblemTypes.Prefix)
            .Select(type => type[ProblemTypes.Prefix.Length..])
            .ToArray();
        var english = KeysOf("");
        var turkish = KeysOf("tr");

        turkish.ShouldBe(english, ignoreOrder: true);
        types.SelectMany(type => new[] { $"{type}.title", $"{type}.detail" }).Except(english, StringComparer.Ordinal).ShouldBeEmpty();
    }

    private static string[] KeysOf(string culture) =>
    [
        .. ProblemTexts.Resources
            .GetResourceSet(CultureInfo.GetCultureInfo(culture), createIfNotExists: true, tryParents: false)
            .ShouldNotBeNull()
            .Cast<DictionaryEntry>()
            .Select(entry => (string)entry.Key),
    ];

    private static void Map(WebApplication app)
    {
        app.MapGet("/boom", string () => throw new InvalidOperationException(Secret));
        app.MapGet("/people", (int limit) => limit);
        app.MapPost("/people", (Person person) => person);
        app.MapGet("/refused", () => TypedResults.Problem(
            statusCode: StatusCodes.Status409Conflict, type: "urn:mefapex:problem:name-taken", detail: "Bu ad alınmış."));
        app.MapGet("/outage/database", string () =>
            throw new InvalidOperationException("retries are used up", new ConnectionLost()));
        app.MapGet("/outage/service", string () => throw new HttpRequestException(Secret));
    }

    private static async Task<JsonDocument> SendAsync(
        LoopbackService service,
        HttpMethod method,
        string path,
        string language,
        HttpStatusCode expected,
        string? body = null,
        string mediaType = MediaTypeNames.Application.Json)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept-Language", language);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, mediaType);
            // Kestrel closes the connection behind a refused body; a client that waits for leave to send still reads the answer.
            request.Headers.ExpectContinue = true;
        }
        using var response = await service.Client.SendAsync(request, Cancellation);
        response.StatusCode.ShouldBe(expected);
        response.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe("application/problem+json");
        return (await response.Content.ReadFromJsonAsync<JsonDocument>(Cancellation)).ShouldNotBeNull();
    }

    private static string? TypeOf(string body)
    {
        using var problem = JsonDocument.Parse(body);
        return problem.RootElement.GetProperty("type").GetString();
    }

    private sealed record Person(string Name, int Age);

    private sealed class ConnectionLost() : DbException("connection lost")
    {
        public override bool IsTransient => true;
    }

    private sealed class Teapot : IExceptionHandler
    {
        public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
        {
            httpContext.Response.StatusCode = StatusCodes.Status418ImATeapot;
            return ValueTask.FromResult(true);
        }
    }
}
