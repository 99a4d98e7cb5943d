namespace Mefapex.Web.Accounts;

internal static class LocalUrl
{
    /// <summary>
    /// The address itself when it is a path of this site, else <c>/</c>: an address from outside must not send a
    /// person who has just signed in to another site.
    /// </summary>
    public static string OrHome(string? url) => IsLocal(url) ? url! : "/";

    private static bool IsLocal(string? url) =>
        url is ['/', ..]
        && url is not ['/', '/' or '\\', ..]
        && !url.Any(char.IsControl)
        && Uri.IsWellFormedUriString(url, UriKind.Relative);
}
