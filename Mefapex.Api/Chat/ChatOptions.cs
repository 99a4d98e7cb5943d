using Mefapex.Api.Tenants;

namespace Mefapex.Api.Chat;

/// <summary>Section <c>Chat</c>.</summary>
internal sealed class ChatOptions
{
    public const string Section = "Chat";

    /// <summary>The tenant whose knowledge answers people who are not signed in and name none.</summary>
    public string PublicTenant { get; init; } = SampleTenants.Factory;
}
