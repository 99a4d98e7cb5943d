namespace Mefapex.Api.Accounts;

/// <summary>Section <c>Accounts</c>.</summary>
internal sealed class AccountOptions
{
    public const string Section = "Accounts";

    /// <summary>Whether a development database gets the demo accounts (also <c>DEMO_USER_ENABLED</c>).</summary>
    public bool DemoUsers { get; init; } = true;

    /// <summary>Their password (also <c>DEMO_PASSWORD</c>).</summary>
    public string DemoPassword { get; init; } = "1234";
}
