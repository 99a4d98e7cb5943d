using System.Net;
using System.Net.Http.Json;
using Mefapex.Api.Data;
using Mefapex.Api.Limits;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Limits;

public sealed class IdempotencyTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private const string Conversations = "/api/v1/conversations";
    private const string Synonyms = "/api/v1/knowledge/synonyms";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_hundred_creations_at_once_with_one_key_make_one_row()
    {
        using var client = await api.Host.SignInAsync("demo");
        var before = await CountAsync();
        var key = Guid.NewGuid().ToString();

        var created = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => CreateAsync(client, key)));

        (await CountAsync()).ShouldBe(before + 1);
        created.Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_repeat_gets_the_same_answer_with_or_without_quotes_around_the_key()
    {
        using var client = await api.Host.SignInAsync("demo");
        var key = Guid.NewGuid().ToString();

        using var first = await PostAsync(client, Conversations, key);
        using var second = await PostAsync(client, Conversations, $"\"{key}\"");

        first.Headers.Contains(IdempotencyMiddleware.ReplayedHeader).ShouldBeFalse();
        second.Headers.GetValues(IdempotencyMiddleware.ReplayedHeader).ShouldBe(["true"]);
        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        second.Headers.Location.ShouldBe(first.Headers.Location.ShouldNotBeNull());
        second.Content.Headers.ContentType.ShouldBe(first.Content.Headers.ContentType.ShouldNotBeNull());
        (await second.Content.ReadAsStringAsync(Cancellation)).ShouldBe(await first.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_refusal_is_repeated_and_another_body_under_the_same_key_is_refused()
    {
        using var editor = await api.Host.SignInAsync("editor");
        var key = Guid.NewGuid().ToString();

        using var first = await PostAsync(editor, Synonyms, key, new { terms = Array.Empty<string>() });
        using var again = await PostAsync(editor, Synonyms, key, new { terms = Array.Empty<string>() });
        using var other = await PostAsync(editor, Synonyms, key, new { terms = new[] { "tatil", "dinlence" } });

        first.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        again.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        again.Headers.Contains(IdempotencyMiddleware.ReplayedHeader).ShouldBeTrue();
        (await other.ShouldBeProblemAsync(422, "idempotency-key-reused")).ShouldContain("anahtar");
    }

    [Fact]
    public async Task A_key_belongs_to_one_person_and_one_path()
    {
        using var demo = await api.Host.SignInAsync("demo");
        using var editor = await api.Host.SignInAsync("editor");
        var key = Guid.NewGuid().ToString();

        using var first = await PostAsync(demo, Conversations, key);
        using var otherPerson = await PostAsync(editor, Conversations, key);
        using var otherPath = await PostAsync(editor, Synonyms, key, new { terms = Array.Empty<string>() });

        otherPerson.StatusCode.ShouldBe(HttpStatusCode.Created);
        otherPerson.Headers.Location.ShouldNotBe(first.Headers.Location);
        otherPath.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        otherPath.Headers.Contains(IdempotencyMiddleware.ReplayedHeader).ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"\"", 1)]
    [InlineData("two words", 1)]
    [InlineData("k", 256)]
    public async Task A_key_that_is_none_is_refused(string part, int times)
    {
        using var client = await api.Host.SignInAsync("demo");

        using var response = await PostAsync(client, Conversations, string.Concat(Enumerable.Repeat(part, times)));

        await response.ShouldBeProblemAsync(400, "idempotency-key-invalid");
    }

    [Fact]
    public async Task What_is_older_than_a_day_is_forgotten_and_what_is_not_stays()
    {
        using var client = await api.Host.SignInAsync("hasta");
        var (old, young) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        using var first = await PostAsync(client, Conversations, old);
        using var second = await PostAsync(client, Conversations, young);
        await using (var scope = api.Host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.WholeDatabase();
            var day = TimeSpan.FromHours(24);
            await db.IdempotentRequests.Where(r => r.Key == old)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.ExpiresAt, r => r.ExpiresAt - day), Cancellation);
        }

        (await api.Host.Services.GetRequiredService<IdempotencyStore>().SweepAsync(Cancellation)).ShouldBe(1);

        using var again = await PostAsync(client, Conversations, old);
        again.Headers.Location.ShouldNotBe(first.Headers.Location);
        using var repeated = await PostAsync(client, Conversations, young);
        repeated.Headers.Location.ShouldBe(second.Headers.Location);
    }

    /// <summary>But for what answers with a secret, which is kept nowhere: a second invitation or key can be withdrawn.</summary>
    [Fact]
    public void Whatever_creates_something_for_somebody_signed_in_takes_a_key()
    {
        var creating = api.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Where(e => e.Metadata.GetMetadata<IAuthorizeData>() is not null || e.Metadata.GetMetadata<AuthorizationPolicy>() is not null)
            .Where(e => e.Metadata.OfType<IProducesResponseTypeMetadata>().Any(answer => answer.StatusCode == 201))
            .ToList();

        creating.Count.ShouldBeGreaterThan(3);

        // Those whose answers hold a secret, which nobody keeps.
        creating.Where(e => e.Metadata.GetMetadata<IdempotencyMetadata>() is null)
            .Select(e => e.RoutePattern.RawText)
            .ShouldBe(
                [
                    "/api/v1/admin/invitations",
                    "/api/v1/admin/tenants/",
                    "/api/v1/admin/api-keys/",
                    "/api/v1/admin/api-keys/{id:guid}/rotate",
                ],
                ignoreOrder: true);
    }

    /// <summary>Repeats until there is an answer, as a client does.</summary>
    private static async Task<string> CreateAsync(HttpClient client, string key)
    {
        while (true)
        {
            using var response = await PostAsync(client, Conversations, key);
            switch (response.StatusCode)
            {
                case HttpStatusCode.Conflict:
                    await response.ShouldBeProblemAsync(409, "idempotency-key-in-use");
                    response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
                    break;
                default:
                    return (await response.ReadWireAsync<ConversationSummary>()).Id;
            }

            await Task.Delay(100, Cancellation);
        }
    }

    private async Task<int> CountAsync()
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.WholeDatabase();
        return await db.Conversations.CountAsync(c => db.Users.Any(u => u.Id == c.UserId && u.Username == "demo"), Cancellation);
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string key, object? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.TryAddWithoutValidation(IdempotencyMiddleware.Header, key).ShouldBeTrue();
        request.Headers.AcceptLanguage.ParseAdd("tr");
        if (body is not null)
            request.Content = JsonContent.Create(body, options: WireJson.Options);
        return await client.SendAsync(request, Cancellation);
    }
}
