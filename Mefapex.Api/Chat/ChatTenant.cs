using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Chat;

/// <summary>Whose knowledge answers: the caller's own tenant, else the one of the header, else the public one.</summary>
internal sealed class ChatTenant(TenantDirectory tenants, IOptions<ChatOptions> options)
{
    public const string Header = "X-Tenant";

    public async Task<(TenantScope? Tenant, ProblemHttpResult? Problem)> ResolveAsync(
        Caller? caller,
        string? asked,
        CancellationToken cancellationToken)
    {
        var slug = caller?.Tenant ?? (string.IsNullOrWhiteSpace(asked) ? options.Value.PublicTenant : asked.Trim());
        return await tenants.FindAsync(slug, cancellationToken) is { } tenant
            ? (tenant, null)
            : (null, Problems.TenantNotFound(slug));
    }
}
