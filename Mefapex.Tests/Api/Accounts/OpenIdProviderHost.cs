using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mefapex.Tests.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Base64Url = System.Buffers.Text.Base64Url;

namespace Mefapex.Tests.Api.Accounts;

/// <summary>A small OpenID provider on the loopback interface that signs everybody in as <see cref="Claims"/>.</summary>
internal sealed class OpenIdProviderHost : IAsyncDisposable
{
    public const string ClientId = "mefapex-test";
    public const string ClientSecret = "gizli & uzun/istemci:sırrı";

    private readonly RSA _key = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, (string Nonce, string Challenge, string Callback)> _codes = new(StringComparer.Ordinal);
    private LoopbackService? _service;

    public Uri Address => _service!.Address;

    /// <summary>What the next ID token says beside issuer, audience, nonce and times.</summary>
    public JsonObject Claims { get; set; } = [];

    /// <summary>Changes the next ID token before it is signed.</summary>
    public Action<JsonObject>? Spoil { get; set; }

    /// <summary>Makes the next ID token of header and payload, in place of a right signature.</summary>
    public Func<JsonObject, JsonObject, string>? Forge { get; set; }

    public static async Task<OpenIdProviderHost> StartAsync()
    {
        var host = new OpenIdProviderHost();
        host._service = await LoopbackService.StartAsync(app =>
        {
            app.MapGet("/.well-known/openid-configuration", () => new JsonObject
            {
                ["issuer"] = host.Issuer,
                ["authorization_endpoint"] = $"{host.Issuer}/authorize",
                ["token_endpoint"] = $"{host.Issuer}/token",
                ["jwks_uri"] = $"{host.Issuer}/jwks",
            });
            app.MapGet("/jwks", host.Keys);
            app.MapGet("/authorize", host.Authorize);
            app.MapPost("/token", host.TokenAsync);
        });
        return host;
    }

    public static string Sign(JsonObject header, JsonObject payload, Func<byte[], byte[]> sign)
    {
        var content = $"{Encode(header)}.{Encode(payload)}";
        return $"{content}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(content)))}";
    }

    public async ValueTask DisposeAsync()
    {
        await _service!.DisposeAsync();
        _key.Dispose();
    }

    private string Issuer => Address.GetLeftPart(UriPartial.Authority);

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private JsonObject Keys()
    {
        var key = _key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["kid"] = "test",
                ["n"] = Base64Url.EncodeToString(key.Modulus),
                ["e"] = Base64Url.EncodeToString(key.Exponent),
            }),
        };
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query;
        if (query["client_id"] != ClientId || query["response_type"] != "code" || query["code_challenge_method"] != "S256")
            return Results.BadRequest();
        var code = Guid.NewGuid().ToString("N");
        _codes[code] = (query["nonce"].ToString(), query["code_challenge"].ToString(), query["redirect_uri"].ToString());
        return Results.Redirect(QueryHelpers.AddQueryString(
            query["redirect_uri"].ToString(),
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["code"] = code, ["state"] = query["state"].ToString() }));
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{Uri.EscapeDataString(ClientSecret)}"));
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (request.Headers.Authorization != $"Basic {credentials}"
            || form["grant_type"] != "authorization_code"
            || !_codes.TryRemove(form["code"].ToString(), out var asked)
            || asked.Challenge != challenge
            || asked.Callback != form["redirect_uri"])
            return Results.BadRequest(new JsonObject { ["error"] = "invalid_grant" });

        var now = TimeProvider.System.GetUtcNow();
        var payload = (JsonObject)Claims.DeepClone();
        payload["iss"] = Issuer;
        payload["aud"] = ClientId;
        payload["nonce"] = asked.Nonce;
        payload["iat"] = now.ToUnixTimeSeconds();
        payload["exp"] = now.AddMinutes(5).ToUnixTimeSeconds();
        Spoil?.Invoke(payload);
        var header = new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = "test" };
        var token = Forge is null
            ? Sign(header, payload, data => _key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            : Forge(header, payload);
        return Results.Json(new JsonObject { ["access_token"] = "none of ours", ["token_type"] = "Bearer", ["id_token"] = token });
    }
}
