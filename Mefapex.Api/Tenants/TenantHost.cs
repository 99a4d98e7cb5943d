using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Tenants;

/// <summary>A host name that leads to a tenant, and to no other.</summary>
internal sealed partial class TenantHost
{
    private const int Longest = 253;

    /// <summary>As browsers send it: lower case, ASCII, without a port.</summary>
    public required string Host { get; init; }

    public required Guid TenantId { get; init; }

    /// <returns>Null when it is no host name that could lead to a tenant.</returns>
    public static string? Normalise(string? text)
    {
        var name = text?.Trim().TrimEnd('.') ?? "";
        if (name.Length is 0 or > Longest || IPAddress.TryParse(name, out _))
            return null;
        try
        {
            var ascii = new IdnMapping().GetAscii(name).ToLowerInvariant();
            return ascii.Length <= Longest && ascii != "localhost" && HostName().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        @"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HostName();
}

internal sealed class TenantHostConfiguration : IEntityTypeConfiguration<TenantHost>
{
    public void Configure(EntityTypeBuilder<TenantHost> host)
    {
        host.ToTable("tenant_hosts");
        host.HasKey(h => h.Host);
        host.HasOne<Tenant>().WithMany().HasForeignKey(h => h.TenantId).OnDelete(DeleteBehavior.Cascade);
    }
}
