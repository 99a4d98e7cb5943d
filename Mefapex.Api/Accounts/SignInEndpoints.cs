using Mefapex.Api.Audit;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Api.Limits;
using Mefapex.Contracts.Accounts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>Signing in, staying signed in and signing out; by bearer token or by cookie.</summary>
internal static class SignInEndpoints
{
    public static void MapSignIn(this RouteGroupBuilder accounts)
    {
        var open = accounts.MapGroup("").AllowAnonymous();
        open.MapPost("/login", SignInAsync).LimitedAs(LimitKind.SignIn);
        open.MapPost("/api/auth/login", SignInByCookieAsync).LimitedAs(LimitKind.SignIn);
        open.MapPost("/api/v1/sign-in", SignInAsync).LimitedAs(LimitKind.SignIn);
        open.MapPost("/api/v1/sign-in/second-factor", ContinueAsync).LimitedAs(LimitKind.SignIn);
        open.MapPost("/api/auth/refresh", RefreshAsync);
        open.MapPost("/api/auth/logout", SignOutAsync);
        open.MapPost("/logout", SignOutAsync);
    }

    private static async Task<Results<Ok<LoginResponse>, ProblemHttpResult>> SignInAsync(
        LoginRequest request,
        SignIn signIn,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (signedIn, problem) = await signIn.TryAsync(request, http, cancellationToken);
        return signedIn is null ? problem! : TypedResults.Ok(Bearer(signedIn, time));
    }

    private static async Task<Results<Ok<LoginResponse>, ProblemHttpResult>> ContinueAsync(
        SecondFactorSignIn request,
        SignIn signIn,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (signedIn, problem) = await signIn.ContinueAsync(request, http, cancellationToken);
        return signedIn is null ? problem! : TypedResults.Ok(Bearer(signedIn, time));
    }

    private static async Task<Results<Ok<CookieLoginResponse>, ProblemHttpResult>> SignInByCookieAsync(
        LoginRequest request,
        SignIn signIn,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var (signedIn, problem) = await signIn.TryAsync(request, http, cancellationToken);
        if (signedIn is null)
            return problem!;
        SessionCookies.Write(http.Response, signedIn);
        return TypedResults.Ok(new CookieLoginResponse(Success: true, AccountProblems.Text("signed-in"), signedIn.Info));
    }

    private static async Task<Results<Ok<LoginResponse>, Ok<CookieLoginResponse>, ProblemHttpResult>> RefreshAsync(
        RefreshRequest? request,
        Sessions sessions,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var byCookie = string.IsNullOrEmpty(request?.RefreshToken);
        var token = byCookie ? SessionCookies.RefreshToken(http.Request) : request!.RefreshToken;
        if (string.IsNullOrEmpty(token))
            return AccountProblems.RefreshTokenMissing();
        if (await sessions.RefreshAsync(token, http, cancellationToken) is not { } signedIn)
        {
            if (byCookie)
                SessionCookies.Remove(http.Response);
            return AccountProblems.RefreshTokenInvalid();
        }

        if (!byCookie)
            return TypedResults.Ok(Bearer(signedIn, time));
        SessionCookies.Write(http.Response, signedIn);
        return TypedResults.Ok(new CookieLoginResponse(Success: true, AccountProblems.Text("renewed"), signedIn.Info));
    }

    /// <summary>Ends the session that the request names in whichever way; who has none is signed out already.</summary>
    private static async Task<Ok<AccountMessage>> SignOutAsync(
        RefreshRequest? request,
        Caller? caller,
        Sessions sessions,
        MefapexDb db,
        IAuditLog audit,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        var token = string.IsNullOrEmpty(request?.RefreshToken) ? SessionCookies.RefreshToken(http.Request) : request.RefreshToken;
        if (!string.IsNullOrEmpty(token))
            await sessions.EndAsync(token, cancellationToken);
        if (caller?.Session is { } session)
            await sessions.EndAsync(db.Sessions.Where(s => s.Id == session), SessionEnd.SignedOut, cancellationToken);
        if (caller is not null)
        {
            await audit.RecordAsync(
                new(AuditVerbs.SignedOut, await db.TenantOfAsync(caller.UserId, cancellationToken), AuditSubject.User(caller.UserId)),
                cancellationToken);
        }

        SessionCookies.Remove(http.Response);
        return TypedResults.Ok(new AccountMessage(Success: true, AccountProblems.Text("signed-out")));
    }

    private static LoginResponse Bearer(SignedIn signedIn, TimeProvider time) => new(
        signedIn.Access.Value,
        "bearer",
        (int)Math.Ceiling((signedIn.Access.ExpiresAt - time.GetUtcNow()).TotalSeconds),
        signedIn.Info,
        signedIn.Refresh);
}
