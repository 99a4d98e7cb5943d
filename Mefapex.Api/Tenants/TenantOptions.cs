namespace Mefapex.Api.Tenants;

/// <summary>Section <c>Tenants</c>.</summary>
internal sealed class TenantOptions
{
    public const string Section = "Tenants";

    /// <summary>The tenant of people who are not signed in and name none.</summary>
    public string Public { get; init; } = SampleTenants.Factory;
}
