using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Mefapex.ServiceDefaults;

/// <summary>Checking of access tokens.</summary>
public static class TokenExtensions
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds bearer authentication (ES256, section <c>Tokens</c>), authorization and <see cref="TokenIssuer"/>; the service adds
    /// the <see cref="TokenKeySource"/>. Claims keep their short names (<see cref="TokenClaims"/>). Without a secret the start
    /// fails.
    /// </summary>
    public static T AddTokenChecks<T>(this T builder)
        where T : IHostApplicationBuilder
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<TokenOptions>().BindConfiguration(TokenOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TokenOptions>, TokenOptionsValidator>();
        services.AddSingleton<TokenKeys>();
        services.AddSingleton<TokenIssuer>();
        services.AddAuthorization();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<TokenOptions>, TokenKeys, TimeProvider>((bearer, tokens, keys, time) =>
            {
                bearer.MapInboundClaims = false;
                bearer.TokenValidationParameters = Checks(tokens.Value, keys, time);
                bearer.Events = new JwtBearerEvents
                {
                    OnMessageReceived = context => FindKeyAsync(context, keys),
                    OnChallenge = ChallengeAsync,
                };
            });
        return builder;
    }

    private static TokenValidationParameters Checks(TokenOptions options, TokenKeys keys, TimeProvider time) => new()
    {
        ValidIssuer = options.Issuer,
        ValidAudience = options.Audience,
        IssuerSigningKeyResolver = (_, _, id, _) => keys.Find(id ?? "") is { } key ? [key.Security] : [],
        ValidateIssuerSigningKey = true,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        NameClaimType = TokenClaims.Name,
        RoleClaimType = TokenClaims.Role,
        ClockSkew = ClockSkew,
        LifetimeValidator = (from, until, _, _) => IsCurrent(from, until, time.GetUtcNow().UtcDateTime),
    };

    /// <summary>
    /// Refuses what names no key of ours or another algorithm, and has the key at hand for the check, which cannot wait.
    /// </summary>
    private static async Task FindKeyAsync(MessageReceivedContext context, TokenKeys keys)
    {
        if ((context.Token ?? BearerOf(context.Request)) is not { } token)
            return;
        if (TokenHeader.Read(token) is not { Algorithm: SecurityAlgorithms.EcdsaSha256, KeyId: { } id }
            || !await keys.KnowAsync(id, context.HttpContext.RequestAborted))
            context.Fail(new SecurityTokenInvalidSignatureException("The token names no key of ours."));
    }

    private static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { } header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? header["Bearer ".Length..].Trim()
            : null;

    private static bool IsCurrent(DateTime? from, DateTime? until, DateTime now)
    {
        if (until is not { } end)
            throw new SecurityTokenNoExpirationException("The token never ends.");
        if (end + ClockSkew <= now)
            throw new SecurityTokenExpiredException("The token has expired.") { Expires = end };
        return from is null || from - ClockSkew <= now;
    }

    private static async Task ChallengeAsync(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        var (type, header) = context.AuthenticateFailure switch
        {
            null => (ProblemTypes.TokenMissing, "Bearer"),
            SecurityTokenExpiredException => (ProblemTypes.TokenExpired, "Bearer error=\"invalid_token\", error_description=\"expired\""),
            SessionEndedException => (ProblemTypes.SessionEnded, "Bearer error=\"invalid_token\", error_description=\"session ended\""),
            _ => (ProblemTypes.TokenInvalid, "Bearer error=\"invalid_token\""),
        };
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = header;
        var problems = context.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>();
        await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context.HttpContext,
            ProblemDetails = new ProblemDetails { Status = StatusCodes.Status401Unauthorized, Type = type },
        });
    }
}
