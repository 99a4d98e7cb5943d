using Mefapex.Api.Audit;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Accounts.OpenId;

/// <summary>Sign-in at the configured OpenID provider; it ends in a session and cookies of our own.</summary>
internal static partial class OpenIdEndpoints
{
    public const string Path = "/api/auth/openid";

    public static void AddOpenId(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<OpenIdOptions>().BindConfiguration(OpenIdOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<OpenIdOptions>, OpenIdOptions.Validator>();

        // Its address is configured, so it may be called.
        builder.Services.AddOptions<OutgoingOptions>().PostConfigure<IOptions<OpenIdOptions>>((outgoing, openId) =>
        {
            if (openId.Value.Authority is { IsAbsoluteUri: true } authority)
                outgoing.AllowedHosts = outgoing.AllowedHosts.Length == 0 ? authority.Host : $"{outgoing.AllowedHosts},{authority.Host}";
        });
        builder.Services.AddHttpClient(OpenIdProvider.Client);
        builder.Services.AddSingleton<OpenIdProvider>();
        builder.Services.AddSingleton<OpenIdAttempts>();
        builder.Services.AddScoped<OpenIdAccounts>();
    }

    /// <summary>Where no provider is configured there is nothing to see of it.</summary>
    public static void MapOpenId(this RouteGroupBuilder accounts, IServiceProvider services)
    {
        if (!services.GetRequiredService<IOptions<OpenIdOptions>>().Value.IsOn)
            return;
        var openId = accounts.MapGroup(Path).AllowAnonymous().LimitedAs(LimitKind.SignIn);
        openId.MapGet("/start", StartAsync);
        openId.MapGet("/callback", ReturnAsync);
    }

    /// <param name="returnUrl">A path here, or an address of the web app, to end at.</param>
    private static async Task<Results<RedirectHttpResult, ProblemHttpResult>> StartAsync(
        OpenIdProvider provider,
        OpenIdAttempts attempts,
        IOptions<WebOptions> web,
        HttpContext http,
        CancellationToken cancellationToken,
        [FromQuery(Name = "return_url")] string? returnUrl = null)
    {
        var attempt = attempts.Begin(http.Response, SafeReturn(returnUrl, web.Value));
        try
        {
            return TypedResults.Redirect(await provider.AddressAsync(attempt, CallbackOf(http.Request), cancellationToken));
        }
        catch (OpenIdUnavailableException e)
        {
            Log(http, e);
            return AccountProblems.OpenIdUnavailable();
        }
    }

    private static async Task<Results<RedirectHttpResult, ProblemHttpResult>> ReturnAsync(
        OpenIdProvider provider,
        OpenIdAttempts attempts,
        OpenIdAccounts people,
        SignIn signIn,
        Sessions sessions,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken,
        string? code = null,
        string? state = null,
        string? error = null)
    {
        if (attempts.End(http, state) is not { } attempt)
            return AccountProblems.OpenIdState();
        if (error is not null || string.IsNullOrEmpty(code))
            return AccountProblems.OpenIdRefused();
        OpenIdPerson person;
        try
        {
            person = await provider.RedeemAsync(attempt, code, CallbackOf(http.Request), cancellationToken);
        }
        catch (OpenIdUnavailableException e)
        {
            Log(http, e);
            return AccountProblems.OpenIdUnavailable();
        }
        catch (OpenIdRefusedException e)
        {
            Log(http, e);
            return AccountProblems.OpenIdRefused();
        }

        var (user, problem) = await people.FindAsync(person, cancellationToken);
        if (user is null)
            return problem!;
        if (await signIn.RefusalAsync(user, http, cancellationToken) is { } refusal)
            return refusal;
        SessionCookies.Write(http.Response, await sessions.StartAsync(user, http, cancellationToken));
        await audit.RecordAsync(
            new(AuditVerbs.SignedIn, user.TenantId, AuditSubject.User(user.Id))
            {
                Actor = AuditActor.User(user.Id, user.Username),
                After = new() { ["openid"] = true },
            },
            cancellationToken);
        return TypedResults.Redirect(attempt.ReturnUrl);
    }

    /// <summary>Nobody is led to a foreign page by a link that begins here.</summary>
    private static string SafeReturn(string? asked, WebOptions web)
    {
        if (asked is ['/', ..] && !(asked.Length > 1 && asked[1] is '/' or '\\') && !asked.Any(char.IsControl))
            return asked;
        return Uri.TryCreate(asked, UriKind.Absolute, out var address)
            && address.GetLeftPart(UriPartial.Authority) == web.Url.GetLeftPart(UriPartial.Authority)
            ? address.AbsoluteUri
            : web.Url.AbsoluteUri;
    }

    private static string CallbackOf(HttpRequest request) => $"{request.Scheme}://{request.Host}{request.PathBase}{Path}/callback";

    private static void Log(HttpContext http, Exception e) =>
        LogNotSignedIn(http.RequestServices.GetRequiredService<ILogger<OpenIdProvider>>(), e.Message, e.InnerException?.Message);

    [LoggerMessage(LogLevel.Warning, "Somebody was not signed in by the OpenID provider: {Reason} {Cause}")]
    private static partial void LogNotSignedIn(ILogger logger, string reason, string? cause);
}
