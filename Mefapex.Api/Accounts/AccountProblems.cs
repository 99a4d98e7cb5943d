using System.Globalization;
using System.Resources;
using Mefapex.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Accounts;

/// <summary>What accounts report on purpose, and what they tell people; texts in AccountProblems*.resx.</summary>
internal static class AccountProblems
{
    private static readonly ResourceManager Resources = new(typeof(AccountProblems));

    public static ProblemHttpResult CrossSite(string origin) => Of(StatusCodes.Status403Forbidden, "cross-site", origin);

    /// <summary>The password is right; the answer carries a <c>challenge</c> to go on with.</summary>
    public static ProblemHttpResult SecondFactorRequired(string challenge, TimeSpan lifetime)
    {
        var problem = Of(StatusCodes.Status401Unauthorized, "second-factor-required");
        problem.ProblemDetails.Extensions["challenge"] = challenge;
        problem.ProblemDetails.Extensions["expires_in"] = (int)lifetime.TotalSeconds;
        return problem;
    }

    public static ProblemHttpResult SecondFactorWrong() => Of(StatusCodes.Status401Unauthorized, "second-factor-wrong");

    public static ProblemHttpResult ChallengeInvalid() => Of(StatusCodes.Status401Unauthorized, "challenge-invalid");

    public static ProblemHttpResult SecondFactorOn() => Of(StatusCodes.Status409Conflict, "second-factor-on");

    public static ProblemHttpResult SecondFactorOff() => Of(StatusCodes.Status409Conflict, "second-factor-off");

    public static ProblemHttpResult SecondFactorNotConfirmed() => Of(StatusCodes.Status400BadRequest, "second-factor-not-confirmed");

    public static ProblemHttpResult CodeWrong() => Of(StatusCodes.Status400BadRequest, "code-wrong");

    public static ProblemHttpResult OpenIdState() => Of(StatusCodes.Status400BadRequest, "openid-state");

    public static ProblemHttpResult OpenIdRefused() => Of(StatusCodes.Status401Unauthorized, "openid-refused");

    public static ProblemHttpResult OpenIdAccountUnknown() => Of(StatusCodes.Status403Forbidden, "openid-account-unknown");

    public static ProblemHttpResult OpenIdUnavailable() => Of(StatusCodes.Status503ServiceUnavailable, "openid-unavailable");

    public static ProblemHttpResult RefreshTokenMissing() => Of(StatusCodes.Status401Unauthorized, "refresh-token-missing");

    public static ProblemHttpResult RefreshTokenInvalid() => Of(StatusCodes.Status401Unauthorized, "refresh-token-invalid");

    public static ProblemHttpResult SessionNotFound() => Of(StatusCodes.Status404NotFound, "session-not-found");

    public static ProblemHttpResult CurrentPasswordWrong() => Of(StatusCodes.Status400BadRequest, "current-password-wrong");

    public static ProblemHttpResult PasswordLength(int shortest, int longest) =>
        Of(StatusCodes.Status400BadRequest, "password-length", shortest, longest);

    public static ProblemHttpResult PasswordCommon() => Of(StatusCodes.Status400BadRequest, "password-common");

    public static ProblemHttpResult PasswordIsName() => Of(StatusCodes.Status400BadRequest, "password-is-name");

    public static ProblemHttpResult ResetTokenInvalid() => Of(StatusCodes.Status400BadRequest, "reset-token-invalid");

    public static ProblemHttpResult UsernameInvalid(int shortest, int longest) =>
        Of(StatusCodes.Status400BadRequest, "username-invalid", shortest, longest);

    public static ProblemHttpResult EmailInvalid() => Of(StatusCodes.Status400BadRequest, "email-invalid");

    public static ProblemHttpResult FullNameInvalid(int longest) => Of(StatusCodes.Status400BadRequest, "full-name-invalid", longest);

    public static ProblemHttpResult UsernameTaken() => Of(StatusCodes.Status409Conflict, "username-taken");

    public static ProblemHttpResult AccountDisabled() => Of(StatusCodes.Status403Forbidden, "account-disabled");

    public static ProblemHttpResult RegistrationClosed() => Of(StatusCodes.Status403Forbidden, "registration-closed");

    public static ProblemHttpResult InvitationNeeded() => Of(StatusCodes.Status403Forbidden, "invitation-needed");

    public static ProblemHttpResult InvitationInvalid() => Of(StatusCodes.Status400BadRequest, "invitation-invalid");

    public static ProblemHttpResult InvitationNotFound() => Of(StatusCodes.Status404NotFound, "invitation-not-found");

    public static ProblemHttpResult RegistrationMode() => Of(StatusCodes.Status400BadRequest, "registration-mode");

    public static ProblemHttpResult RoleNotGrantable(IEnumerable<string> roles) =>
        Of(StatusCodes.Status400BadRequest, "role-not-grantable", string.Join(", ", roles));

    /// <summary>A sentence for the person.</summary>
    public static string Text(string key, params object[] values) => string.Format(
        CultureInfo.CurrentCulture,
        Resources.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(key),
        values);

    private static ProblemHttpResult Of(int status, string slug, params object[] values) =>
        Problems.Of(status, slug, Text(slug + ".title"), Text(slug, values));
}
