using System.Collections.Concurrent;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>
/// The weights in use for each tenant: its own where there are some for the present figures, else the bundled ones.
/// Taking weights into use is a change of knowledge, so that what is cached here goes with the knowledge version.
/// </summary>
internal sealed class Calibrations(CalibrationFile bundled, IDbContextFactory<MefapexDb> contexts)
{
    private readonly ConcurrentDictionary<Guid, (long Version, CalibrationFile Weights)> _known = new();

    public async ValueTask<CalibrationFile> OfAsync(Guid tenantId, long knowledgeVersion, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(tenantId, out var known) && known.Version >= knowledgeVersion)
            return known.Weights;

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = await db.TenantCalibrations.AsNoTracking().SingleOrDefaultAsync(c => c.TenantId == tenantId, cancellationToken);
        var weights = own is { Weights.FitTheFigures: true }
            ? bundled with { Lexical = own.Weights.Lexical, Vectors = own.Weights.Vectors ?? bundled.Vectors }
            : bundled;
        _known[tenantId] = (knowledgeVersion, weights);
        return weights;
    }

    /// <summary>Those that were in use when the tenant was last asked about, without a look into the database.</summary>
    public CalibrationFile LastOf(Guid tenantId) => _known.TryGetValue(tenantId, out var known) ? known.Weights : bundled;
}
