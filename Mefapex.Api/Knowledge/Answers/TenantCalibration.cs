using System.Text.Json;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Knowledge.Answers;

/// <summary>Weights fitted on a tenant's own labelled questions, in use for that tenant alone.</summary>
internal sealed class TenantCalibration
{
    public required Guid TenantId { get; init; }

    /// <summary>The encoder of the weights with vectors; null when there are none.</summary>
    public string? ModelHash { get; set; }

    public required TenantWeights Weights { get; set; }

    /// <summary>What they were measured to be worth when they were fitted.</summary>
    public required CalibrationFigures Figures { get; set; }

    public required int Questions { get; set; }

    public required DateTimeOffset FittedAt { get; set; }

    /// <summary>User name.</summary>
    public required string FittedBy { get; set; }
}

/// <param name="CandidateNames">See <see cref="Calibration.CandidateNames"/>; weights for other figures are left unused.</param>
/// <param name="NoneNames">See <see cref="Calibration.NoneNames"/>.</param>
/// <param name="Vectors">Null when the AI service was away.</param>
internal sealed record TenantWeights(
    IReadOnlyList<string> CandidateNames,
    IReadOnlyList<string> NoneNames,
    CalibrationWeights Lexical,
    CalibrationWeights? Vectors)
{
    public bool FitTheFigures =>
        CandidateNames.SequenceEqual(Calibration.CandidateNames, StringComparer.Ordinal)
        && NoneNames.SequenceEqual(Calibration.NoneNames, StringComparer.Ordinal);
}

internal sealed class TenantCalibrationConfiguration : IEntityTypeConfiguration<TenantCalibration>
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public void Configure(EntityTypeBuilder<TenantCalibration> calibration)
    {
        calibration.ToTable("knowledge_calibrations");
        calibration.HasKey(c => c.TenantId);
        calibration.Property(c => c.TenantId).ValueGeneratedNever();
        calibration.Property(c => c.Weights).HasColumnType("jsonb").HasConversion(
            weights => JsonSerializer.Serialize(weights, Json),
            json => JsonSerializer.Deserialize<TenantWeights>(json, Json)!,
            new ValueComparer<TenantWeights>((a, b) => ReferenceEquals(a, b), weights => 0, weights => weights));
        calibration.Property(c => c.Figures).HasColumnType("jsonb").HasConversion(
            figures => JsonSerializer.Serialize(figures, Json),
            json => JsonSerializer.Deserialize<CalibrationFigures>(json, Json)!,
            new ValueComparer<CalibrationFigures>((a, b) => ReferenceEquals(a, b), figures => 0, figures => figures));
        calibration.HasOne<Tenant>().WithOne().HasForeignKey<TenantCalibration>(c => c.TenantId).OnDelete(DeleteBehavior.Restrict);
    }
}
