using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Audit;

/// <summary>An event as it is kept. It holds nothing that ever has to be forgotten: names and addresses stand beside it.</summary>
internal sealed class AuditRow
{
    public required Guid Id { get; init; }

    /// <summary>Null for the platform's own chain.</summary>
    public required Guid? TenantId { get; init; }

    /// <summary>Place in the tenant's chain, from 1 without gaps.</summary>
    public required long Number { get; init; }

    /// <summary>To the microsecond, which is what PostgreSQL keeps.</summary>
    public required DateTimeOffset At { get; init; }

    public required string ActorKind { get; init; }

    public required Guid? ActorId { get; init; }

    public required string Verb { get; init; }

    public required string SubjectKind { get; init; }

    public required string SubjectId { get; init; }

    /// <summary>JSON, letter by letter as it was hashed.</summary>
    public required string? Before { get; init; }

    public required string? After { get; init; }

    /// <summary>Hash of the salted origin, which may be gone.</summary>
    public required byte[]? OriginHash { get; init; }

    /// <summary>Hash of the event before; 32 zeros for the first.</summary>
    public required byte[] PreviousHash { get; init; }

    public byte[] Hash { get; set; } = [];

    /// <summary>SHA-256 over the fields as a JSON array in this order, preceded by the number of this form.</summary>
    public byte[] ComputeHash()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            json.WriteNumberValue(1);
            json.WriteNumberValue(Number);
            json.WriteStringValue(TenantId?.ToString());
            json.WriteStringValue(Id.ToString());
            json.WriteStringValue(At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteStringValue(ActorKind);
            json.WriteStringValue(ActorId?.ToString());
            json.WriteStringValue(Verb);
            json.WriteStringValue(SubjectKind);
            json.WriteStringValue(SubjectId);
            json.WriteStringValue(Before);
            json.WriteStringValue(After);
            json.WriteStringValue(OriginHash is null ? null : Convert.ToHexStringLower(OriginHash));
            json.WriteStringValue(Convert.ToHexStringLower(PreviousHash));
            json.WriteEndArray();
        }

        return SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }
}

/// <summary>Where a chain ends, and where it begins since retention took its oldest events. Its row is the chain's lock.</summary>
internal sealed class AuditHead
{
    /// <summary>The tenant's id; all zeros for the platform.</summary>
    public required Guid Chain { get; init; }

    public required long Number { get; set; }

    public required byte[] Hash { get; set; }

    /// <summary>Number of the oldest event that is kept.</summary>
    public required long KeptFrom { get; set; }

    /// <summary>What that event has as its previous hash.</summary>
    public required byte[] KeptHash { get; set; }
}

/// <summary>The name that goes with an actor's id, until it is erased.</summary>
internal sealed class AuditName
{
    public required Guid ActorId { get; init; }

    public string? Name { get; set; }

    public DateTimeOffset? ErasedAt { get; set; }
}

/// <summary>Where an event came from, until that is erased.</summary>
internal sealed class AuditOrigin
{
    public const int SaltBytes = 16;

    public required Guid EventId { get; init; }

    public required string Address { get; init; }

    public required string UserAgent { get; init; }

    /// <summary>Keeps the hash in the event from telling the address once this row is gone.</summary>
    public required byte[] Salt { get; init; }

    public byte[] ComputeHash() => SHA256.HashData([.. Salt, .. Encoding.UTF8.GetBytes($"{Address}\n{UserAgent}")]);
}

internal static class AuditModel
{
    public static void AddAudit(this ModelBuilder model)
    {
        model.Entity<AuditRow>(row =>
        {
            row.ToTable("audit_events");
            row.Property(r => r.Id).ValueGeneratedNever();
            row.Property(r => r.Before).HasColumnType("json");
            row.Property(r => r.After).HasColumnType("json");
            row.HasIndex(r => new { r.TenantId, r.Number }).IsUnique().AreNullsDistinct(false);
            row.HasIndex(r => new { r.TenantId, r.ActorId, r.Number });
            row.HasIndex(r => new { r.TenantId, r.SubjectKind, r.SubjectId, r.Number });
            row.HasOne<Tenant>().WithMany().HasForeignKey(r => r.TenantId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<AuditHead>(head =>
        {
            head.ToTable("audit_heads");
            head.HasKey(h => h.Chain);
            head.Property(h => h.Chain).ValueGeneratedNever();
        });
        model.Entity<AuditName>(name =>
        {
            name.ToTable("audit_names");
            name.HasKey(n => n.ActorId);
            name.Property(n => n.ActorId).ValueGeneratedNever();
        });
        model.Entity<AuditOrigin>(origin =>
        {
            origin.ToTable("audit_origins");
            origin.HasKey(o => o.EventId);
            origin.HasOne<AuditRow>().WithOne().HasForeignKey<AuditOrigin>(o => o.EventId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
