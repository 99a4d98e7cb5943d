using Microsoft.AspNetCore.Components;

namespace Mefapex.Web.Accounts;

internal static class SignInNavigation
{
    /// <summary>Leaves for the sign-in page, which leads back to the present one.</summary>
    /// <param name="expired">Whether to say that the session has ended.</param>
    public static void SignIn(this NavigationManager navigation, bool expired = false)
    {
        var returnUrl = Uri.EscapeDataString("/" + navigation.ToBaseRelativePath(navigation.Uri));
        navigation.NavigateTo(
            $"{AccountsFeature.SignInPath}?returnUrl={returnUrl}{(expired ? "&expired=true" : "")}",
            forceLoad: true);
    }
}
