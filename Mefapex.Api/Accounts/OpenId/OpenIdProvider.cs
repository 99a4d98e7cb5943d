using System.IdentityModel.Tokens.Jwt;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>Somebody whom the provider vouches for.</summary>
internal sealed record OpenIdPerson(
    string Issuer, string Subject, string? Username, string? Email, string? FullName, IReadOnlyList<string> Groups);

/// <summary>The provider gave no answer that could be used.</summary>
internal sealed class OpenIdUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The provider, or what came in its name, is not believed.</summary>
internal sealed class OpenIdRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Speaks OpenID Connect with the configured provider: code flow with PKCE, metadata and keys kept for a while.</summary>
internal sealed class OpenIdProvider
{
    public const string Client = "openid";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    private readonly IHttpClientFactory _clients;
    private readonly OpenIdOptions _options;
    private readonly ConfigurationManager<OpenIdConnectConfiguration> _metadata;
    private readonly JwtSecurityTokenHandler _handler = new() { MapInboundClaims = false };

    public OpenIdProvider(IHttpClientFactory clients, IOptions<OpenIdOptions> options)
    {
        _clients = clients;
        _options = options.Value;
        _metadata = new(
            _options.Authority!.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever(clients.CreateClient(Client)) { RequireHttps = _options.Authority.Scheme == Uri.UriSchemeHttps });
    }

    /// <summary>Where the browser goes to sign in.</summary>
    /// <exception cref="OpenIdUnavailableException"/>
    public async Task<string> AddressAsync(OpenIdAttempt attempt, string callback, CancellationToken cancellationToken) =>
        QueryHelpers.AddQueryString(
            (await MetadataAsync(cancellationToken)).AuthorizationEndpoint,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["response_type"] = "code",
                ["client_id"] = _options.ClientId,
                ["redirect_uri"] = callback,
                ["scope"] = _options.Scopes,
                ["state"] = attempt.State,
                ["nonce"] = attempt.Nonce,
                ["code_challenge"] = attempt.Challenge,
                ["code_challenge_method"] = "S256",
            });

    /// <summary>Whom the code that the browser brought back stands for.</summary>
    /// <exception cref="OpenIdUnavailableException"/>
    /// <exception cref="OpenIdRefusedException"/>
    public async Task<OpenIdPerson> RedeemAsync(OpenIdAttempt attempt, string code, string callback, CancellationToken cancellationToken)
    {
        var metadata = await MetadataAsync(cancellationToken);
        var idToken = await IdTokenAsync(metadata.TokenEndpoint, attempt, code, callback, cancellationToken);
        var token = await CheckAsync(idToken, metadata, cancellationToken);
        if (token.Payload.Nonce != attempt.Nonce)
            throw new OpenIdRefusedException("The ID token has another nonce.");
        if (token.Payload.Azp is { } party && party != _options.ClientId)
            throw new OpenIdRefusedException("The ID token is for another party.");
        if (string.IsNullOrEmpty(token.Subject))
            throw new OpenIdRefusedException("The ID token names nobody.");
        var verified = string.Equals(Claim("email_verified"), "true", StringComparison.OrdinalIgnoreCase);
        return new(
            token.Issuer,
            token.Subject,
            Claim(_options.UsernameClaim),
            verified ? Claim("email") : null,
            Claim("name"),
            string.IsNullOrEmpty(_options.GroupsClaim)
                ? []
                : [.. token.Claims.Where(c => c.Type == _options.GroupsClaim).Select(c => c.Value).Distinct(StringComparer.Ordinal)]);

        string? Claim(string type) => token.Claims.FirstOrDefault(c => c.Type == type)?.Value;
    }

    private async Task<OpenIdConnectConfiguration> MetadataAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _metadata.GetConfigurationAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OpenIdUnavailableException("The provider's metadata cannot be read.", e);
        }
    }

    private async Task<string> IdTokenAsync(
        string endpoint, OpenIdAttempt attempt, string code, string callback, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new FormUrlEncodedContent(
            [
                new("grant_type", "authorization_code"),
                new("code", code),
                new("redirect_uri", callback),
                new("client_id", _options.ClientId),
                new("code_verifier", attempt.Verifier),
            ]),
        };
        if (!string.IsNullOrEmpty(_options.ClientSecret))
        {
            // RFC 6749, 2.3.1: both are form-encoded first.
            var credentials = $"{Uri.EscapeDataString(_options.ClientId)}:{Uri.EscapeDataString(_options.ClientSecret)}";
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        }

        try
        {
            using var client = _clients.CreateClient(Client);
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw (int)response.StatusCode >= 500
                    ? new OpenIdUnavailableException($"The provider answered {(int)response.StatusCode}.")
                    : new OpenIdRefusedException($"The provider took no code: {(int)response.StatusCode}.");
            }

            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return answer.RootElement.GetProperty("id_token").GetString()
                ?? throw new OpenIdRefusedException("The provider gave no ID token.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new OpenIdRefusedException("The provider's answer is none.", e);
        }
        catch (Exception e)
            when (e is not (OpenIdUnavailableException or OpenIdRefusedException) && !cancellationToken.IsCancellationRequested)
        {
            throw new OpenIdUnavailableException("The provider cannot be reached.", e);
        }
    }

    private async Task<JwtSecurityToken> CheckAsync(
        string idToken, OpenIdConnectConfiguration metadata, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                return Check(idToken, metadata);
            }
            catch (SecurityTokenSignatureKeyNotFoundException)
            {
                _metadata.RequestRefresh();
                return Check(idToken, await MetadataAsync(cancellationToken));
            }
        }
        catch (Exception e) when (e is SecurityTokenException or ArgumentException)
        {
            throw new OpenIdRefusedException("The ID token does not hold.", e);
        }
    }

    /// <summary>By published keys alone: the client's secret signs nothing.</summary>
    private JwtSecurityToken Check(string idToken, OpenIdConnectConfiguration metadata)
    {
        _handler.ValidateToken(
            idToken,
            new TokenValidationParameters
            {
                ValidIssuer = metadata.Issuer,
                ValidAudience = _options.ClientId,
                IssuerSigningKeys = metadata.SigningKeys.Where(key => key is not SymmetricSecurityKey),
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                ClockSkew = ClockSkew,
            },
            out var token);
        return (JwtSecurityToken)token;
    }
}
