using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.ServiceDefaults;
using Mefapex.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed class TokenTests
{
    private const string Secret = "an-example-secret-of-more-than-thirty-two-bytes";

    private static readonly ECDsa Key = TokenKey.Generate();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_issued_token_signs_in_and_keeps_its_claims()
    {
        await using var service = await StartAsync();
        var token = await IssueAsync(service);

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

        var token = await IssueAsync(service);
        var header = Part(token.Value, 0);
        var payload = Part(token.Value, 1);

        header["alg"]!.GetValue<string>().ShouldBe("ES256");
        header["kid"]!.GetValue<string>().ShouldBe(TokenKey.IdOf(Key));
        payload["exp"]!.GetValue<long>().ShouldBe(token.ExpiresAt.ToUnixTimeSeconds());
        (payload["exp"]!.GetValue<long>() - payload["iat"]!.GetValue<long>()).ShouldBe(15 * 60);
    }

    [Fact]
    public async Task A_token_ends_after_its_time_and_half_a_minute_of_grace()
    {
        var time = new MovableTime();
        await using var service = await StartAsync(time);
        var token = (await IssueAsync(service)).Value;

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
    [InlineData("other key under our name")]
    [InlineData("unknown key")]
    [InlineData("no key named")]
    [InlineData("alg none")]
    [InlineData("alg none under our name")]
    [InlineData("public key as a secret")]
    [InlineData("our secret as a key")]
    [InlineData("other algorithm")]
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
                using (var stranger = TokenKey.Generate())
                    token = Sign(claims, stranger);
                break;
            case "other key under our name":
                using (var stranger = TokenKey.Generate())
                    token = Sign(claims, stranger, id: TokenKey.IdOf(Key));
                break;
            case "unknown key":
                token = Sign(claims, id: "somebody-elses");
                break;
            case "no key named":
                token = Sign(claims, id: "");
                break;
            case "alg none":
                token = Content(new() { ["alg"] = "none", ["typ"] = "JWT" }, claims) + ".";
                break;
            case "alg none under our name":
                token = Content(Header("none"), claims) + ".";
                break;
            case "public key as a secret":
                token = SignByHmac(claims, Key.ExportSubjectPublicKeyInfo());
                break;
            case "our secret as a key":
                token = SignByHmac(claims, Encoding.UTF8.GetBytes(Secret));
                break;
            case "other algorithm":
                var content = Content(Header("ES384"), claims);
                token = $"{content}.{Encode(Key.SignData(Encoding.UTF8.GetBytes(content), HashAlgorithmName.SHA384))}";
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
    public async Task Tokens_are_checked_side_by_side()
    {
        await using var service = await StartAsync();
        var token = (await IssueAsync(service)).Value;
        var bad = token[..^4] + (token.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA");

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => GetAsync(service, i % 4 == 0 ? bad : token)));

        answers.Where((_, i) => i % 4 == 0).ShouldAllBe(answer => answer.Status == HttpStatusCode.Unauthorized);
        answers.Where((_, i) => i % 4 != 0).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Unknown_keys_have_the_source_read_once_in_a_while_and_new_ones_are_found()
    {
        var time = new ManualTime();
        using var first = TokenKey.Generate();
        using var second = TokenKey.Generate();
        var known = new List<TokenKey> { Of(first) };
        var readings = 0;
        using var keys = new TokenKeys(
            _ =>
            {
                readings++;
                return Task.FromResult<IReadOnlyList<TokenKey>>([.. known]);
            },
            time);
        (await keys.KnowAsync(TokenKey.IdOf(first), Cancellation)).ShouldBeTrue();
        known.Add(Of(second));

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => keys.KnowAsync($"made up {i}", Cancellation).AsTask()));
        answers.ShouldAllBe(known => !known);
        readings.ShouldBe(1);

        time.Advance(TokenKeys.Pause / 2);
        var early = keys.KnowAsync(TokenKey.IdOf(second), Cancellation);
        readings.ShouldBe(1);
        time.Advance(TokenKeys.Pause / 2);
        (await early).ShouldBeTrue();
        (await keys.KnowAsync(TokenKey.IdOf(first), Cancellation)).ShouldBeTrue();
        readings.ShouldBe(2);

        TokenKey Of(ECDsa key) => new(key, time.GetUtcNow(), time.GetUtcNow().AddDays(1), time.GetUtcNow().AddDays(2));
    }

    [Fact]
    public async Task Where_keys_cannot_be_read_a_token_is_not_taken_for_a_bad_one()
    {
        var time = new ManualTime();
        using var key = TokenKey.Generate();
        var away = true;
        using var keys = new TokenKeys(
            ct => away ? Task.FromException<IReadOnlyList<TokenKey>>(new IOException("away")) : TestTokenKeys.Source(key)(ct), time);

        for (var i = 0; i < 2; i++)
            await Should.ThrowAsync<IOException>(async () => await keys.KnowAsync(TokenKey.IdOf(key), Cancellation));
        away = false;
        time.Advance(TokenKeys.Pause);

        (await keys.KnowAsync(TokenKey.IdOf(key), Cancellation)).ShouldBeTrue();
    }

    [Fact]
    public void What_was_sealed_opens_for_its_owner_with_its_secret_or_the_one_before_alone()
    {
        var box = new SecretBox(new TokenOptions { SigningKey = Secret }, "tests");
        var sealedBytes = box.Seal([1, 2, 3], "row 1");

        box.Open(sealedBytes, "row 1").ShouldBe([1, 2, 3]);
        box.Open(sealedBytes, "row 2").ShouldBeNull();
        new SecretBox(new() { SigningKey = Secret }, "others").Open(sealedBytes, "row 1").ShouldBeNull();
        new SecretBox(new() { SigningKey = "next" }, "tests").Open(sealedBytes, "row 1").ShouldBeNull();
        new SecretBox(new() { SigningKey = "next", FormerSigningKey = Secret }, "tests").Open(sealedBytes, "row 1").ShouldBe([1, 2, 3]);
        sealedBytes[^1] ^= 1;
        box.Open(sealedBytes, "row 1").ShouldBeNull();
        box.Open([], "row 1").ShouldBeNull();
    }

    [Fact]
    public async Task A_role_that_is_missing_is_forbidden_not_unauthorized()
    {
        await using var service = await StartAsync();

        var answer = await GetAsync(service, (await IssueAsync(service)).Value, "/operators");

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

    private static Task<LoopbackService> StartAsync(TimeProvider? time = null, string? key = Secret) => LoopbackService.StartAsync(
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
            builder.Services.AddSingleton(TestTokenKeys.Source(Key));
        },
        key is null ? [] : new(StringComparer.Ordinal) { ["Tokens:SigningKey"] = key });

    private static ValueTask<AccessToken> IssueAsync(LoopbackService service) =>
        service.App.Services.GetRequiredService<TokenIssuer>()
            .IssueAsync("7", "demo", "fabrika", ["member", "editor"], cancellationToken: Cancellation);

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

    private static string Sign(JsonObject claims, ECDsa? key = null, string? id = null)
    {
        var header = Header("ES256");
        header["kid"] = id ?? TokenKey.IdOf(key ?? Key);
        if (id is "")
            header.Remove("kid");
        var content = Content(header, claims);
        return $"{content}.{Encode((key ?? Key).SignData(Encoding.UTF8.GetBytes(content), HashAlgorithmName.SHA256))}";
    }

    private static string SignByHmac(JsonObject claims, byte[] secret)
    {
        var content = Content(Header("HS256"), claims);
        return $"{content}.{Encode(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(content)))}";
    }

    private static JsonObject Header(string algorithm) => new() { ["alg"] = algorithm, ["typ"] = "JWT", ["kid"] = TokenKey.IdOf(Key) };

    private static string Content(JsonObject header, JsonObject claims) =>
        $"{Encode(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";

    private static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static JsonNode Part(string token, int index) =>
        JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[index])).ShouldNotBeNull();

    private sealed record Answer(HttpStatusCode Status, JsonObject Body, string? Type, string Challenge);
}
