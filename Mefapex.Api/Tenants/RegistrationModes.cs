namespace Mefapex.Api.Tenants;

/// <summary>Who may register at a tenant.</summary>
internal static class RegistrationModes
{
    public const string Open = "open";
    public const string Invitation = "invitation";
    public const string Closed = "closed";

    public static IReadOnlyList<string> All { get; } = [Open, Invitation, Closed];
}
