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
    /// Adds bearer authentication (HS256, section <c>Tokens</c>), authorization and <see cref="TokenIssuer"/>. Claims
    /// keep their short names (<see cref="TokenClaims"/>). Without a signing key the start fails.
    /// </summary>
    public static T AddTokenChecks<T>(this T builder)
        where T : IHostApplicationBuilder
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<TokenOptions>().BindConfiguration(TokenOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TokenOptions>, TokenOptionsValidator>();
        services.AddSingleton<TokenIssuer>();
        services.AddAuthorization();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<TokenOptions>, TimeProvider>((bearer, tokens, time) =>
            {
                bearer.MapInboundClaims = false;
                bearer.TokenValidationParameters = Checks(tokens.Value, time);
                bearer.Events = new JwtBearerEvents { OnChallenge = ChallengeAsync };
            });
        return builder;
    }

    private static TokenValidationParameters Checks(TokenOptions options, TimeProvider time) => new()
    {
        ValidIssuer = options.Issuer,
        ValidAudience = options.Audience,
        IssuerSigningKey = TokenKey.Of(options),
        ValidateIssuerSigningKey = true,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        NameClaimType = TokenClaims.Name,
        RoleClaimType = TokenClaims.Role,
        ClockSkew = ClockSkew,
        LifetimeValidator = (from, until, _, _) => IsCurrent(from, until, time.GetUtcNow().UtcDateTime),
    };

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
