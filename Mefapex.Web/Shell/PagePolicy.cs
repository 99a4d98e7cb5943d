using System.Security.Cryptography;

namespace Mefapex.Web.Shell;

/// <summary>
/// The content security policy of pages: everything comes from this site, nobody may frame it, and a script runs only
/// with the number that its own answer made up, so that one which got into a page by its content does not. For
/// <c>connect-src</c> "this site" includes the circuit's WebSocket.
/// </summary>
internal static class PagePolicy
{
    private const int NonceBytes = 16;
    private static readonly object Key = new();

    public static string NonceOf(HttpContext context) =>
        (string)(context.Items[Key] ??= Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes)));

    public static string Of(HttpContext context) =>
        $"default-src 'none'; script-src 'nonce-{NonceOf(context)}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
}
