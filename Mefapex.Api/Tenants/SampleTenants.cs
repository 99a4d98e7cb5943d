using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Tenants;

/// <summary>The two tenants that a new database starts with.</summary>
internal static class SampleTenants
{
    public const string Factory = "fabrika";
    public const string Clinic = "klinik";

    public static async Task ApplyAsync(MefapexDb db, CancellationToken cancellationToken)
    {
        var known = await db.Tenants.Select(t => t.Slug).ToListAsync(cancellationToken);
        Tenant[] samples =
        [
            new() { Id = Guid.CreateVersion7(), Slug = Factory, Name = "Mefapex Fabrika", Locale = "tr" },
            new() { Id = Guid.CreateVersion7(), Slug = Clinic, Name = "Mefapex Klinik", Locale = "tr" },
        ];
        db.Tenants.AddRange(samples.Where(t => !known.Contains(t.Slug)));
        await db.SaveChangesAsync(cancellationToken);
    }
}
