using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class TokenTests
{
    private const string Key = "an-example-signing-key-of-forty-one-bytes";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_issued_token_signs_in_and_keeps_its_claims()
    {
        await using var service = await StartAsync();
        var token = Issue(service);

        var caller = await GetAsync(service, token.Value);

        caller.Status.ShouldBe(HttpStatusCode.OK);
        caller.Body["sub"]!.GetValue<string>().ShouldBe("7");
        caller.Body["name"]!.GetValue<string>().ShouldBe("demo");
        caller.Body["tenant"]!.GetValue<string>().ShouldBe("fabrika");
        caller.Body["member"]!.GetValue<bool>().ShouldBeTrue();
        caller.Body["editor"]!.GetValue<bool>().ShouldBeTrue();
        caller.Body["operator"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task A_token_says_how_and_with_which_key_it_was_signed_and_when_it_ends()
    {
        var time = new MovableTime();
        await using var service = await StartAsync(time);

        var token = Issue(service);
        var header = Part(token.Value, 0);
        var payload = Part(token.Value, 1);

        header["alg"]!.GetValue<string>().ShouldBe("HS256");
        header["kid"]!.GetValue<string>().ShouldMatch("^[0-9a-f]{16}$");
        payload["exp"]!.GetValue<long>().ShouldBe(token.ExpiresAt.ToUnixTimeSeconds());
        (payload["exp"]!.GetValue<long>() - payload["iat"]!.GetValue<long>()).ShouldBe(15 * 60);
    }

    [Fact]
    public async Task A_token_ends_after_its_time_and_half_a_minute_of_grace()
    {
        var time = new MovableTime();
        await using var service = await StartAsync(time);
        var token = Issue(service).Value;

        time.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(20));
        (await GetAsync(service, token)).Status.ShouldBe(HttpStatusCode.OK);

        time.Advance(TimeSpan.FromSeconds(11));
        var late = await GetAsync(service, token);

        late.Status.ShouldBe(HttpStatusCode.Unauthorized);
        late.Type.ShouldBe("urn:mefapex:problem:token-expired");
        late.Challenge.ShouldContain("expired");
    }

    [Fact]
    public async Task No_token_is_told_apart_from_a_bad_one()
    {
        await using var service = await StartAsync();

        var missing = await GetAsync(service, null);

        missing.Status.ShouldBe(HttpStatusCode.Unauthorized);
        missing.Type.ShouldBe("urn:mefapex:problem:token-missing");
        missing.Challenge.ShouldBe("Bearer");
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("wrong signature")]
    [InlineData("other key")]
    [InlineData("alg none")]
    [InlineData("wrong audience")]
    [InlineData("wrong issuer")]
    [InlineData("no end")]
    [InlineData("not yet")]
    public async Task A_token_that_was_not_issued_here_is_refused(string flaw)
    {
        await using var service = await StartAsync();
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var claims = new JsonObject
        {
            ["iss"] = "mefapex",
            ["aud"] = "mefapex",
            ["sub"] = "7",
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
        };
        (await GetAsync(service, Sign(claims))).Status.ShouldBe(HttpStatusCode.OK);

        string token;
        switch (flaw)
        {
            case "garbage":
                token = "not.a.token";
                break;
            case "wrong signature":
                var whole = Sign(claims);
                token = whole[..(whole.LastIndexOf('.') + 1)] + Encode(new byte[32]);
                break;
            case "other key":
                token = Sign(claims, key: "another-key-that-is-just-as-long-as-it-was");
                break;
            case "alg none":
                token = $"{Encode(Encoding.UTF8.GetBytes("{\"alg\":\"none\",\"typ\":\"JWT\"}"))}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}.";
                break;
            case "wrong audience":
                claims["aud"] = "someone-else";
                goto default;
            case "wrong issuer":
                claims["iss"] = "someone-else";
                goto default;
            case "no end":
                claims.Remove("exp");
                goto default;
            case "not yet":
                claims["nbf"] = now.AddMinutes(2).ToUnixTimeSeconds();
                goto default;
            default:
                token = Sign(claims);
                break;
        }

        var answer = await GetAsync(service, token);

        answer.Status.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Type.ShouldBe("urn:mefapex:problem:token-invalid");
    }

    [Fact]
    public async Task A_role_that_is_missing_is_forbidden_not_unauthorized()
    {
        await using var service = await StartAsync();

        var answer = await GetAsync(service, Issue(service).Value, "/operators");

        answer.Status.ShouldBe(HttpStatusCode.Forbidden);
        answer.Type.ShouldBe("urn:mefapex:problem:forbidden");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    public async Task Without_a_proper_key_the_start_fails_and_says_which_setting_to_make(string? key)
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync(key: key));

        refusal.Message.ShouldContain("Tokens:SigningKey");
        refusal.Message.ShouldContain("SECRET_KEY");
        refusal.Message.ShouldContain("32");
        if (!string.IsNullOrEmpty(key))
            refusal.Message.ShouldNotContain(key);
    }

    private static Task<LoopbackService> StartAsync(TimeProvider? time = null, string? key = Key) => LoopbackService.StartAsync(
        app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/caller", (ClaimsPrincipal user) => new JsonObject
            {
                ["sub"] = user.FindFirstValue(TokenClaims.Subject),
                ["name"] = user.Identity!.Name,
                ["tenant"] = user.FindFirstValue(TokenClaims.Tenant),
                ["member"] = user.IsInRole("member"),
                ["editor"] = user.IsInRole("editor"),
                ["operator"] = user.IsInRole("operator"),
            }).RequireAuthorization();
            app.MapGet("/operators", () => "welcome").RequireAuthorization(policy => policy.RequireRole("operator"));
        },
        builder =>
        {
            if (time is not null)
                builder.Services.AddSingleton(time);
            builder.AddTokenChecks();
        },
        key is null ? [] : new(StringComparer.Ordinal) { ["Tokens:SigningKey"] = key });

    private static AccessToken Issue(LoopbackService service) =>
        service.App.Services.GetRequiredService<TokenIssuer>().Issue("7", "demo", "fabrika", ["member", "editor"]);

    private static async Task<Answer> GetAsync(LoopbackService service, string? token, string path = "/caller")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await service.Client.SendAsync(request, Cancellation);
        var body = (await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation)).ShouldNotBeNull();
        return new Answer(
            response.StatusCode, body, body["type"]?.GetValue<string>(), response.Headers.WwwAuthenticate.ToString());
    }

    private static string Sign(JsonObject claims, string key = Key)
    {
        var content = $"{Encode(Encoding.UTF8.GetBytes("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"))}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{content}.{Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(content)))}";
    }

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static JsonNode Part(string token, int index) =>
        JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[index])).ShouldNotBeNull();

    private sealed record Answer(HttpStatusCode Status, JsonObject Body, string? Type, string Challenge);
}
