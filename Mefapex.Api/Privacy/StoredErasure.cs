using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Privacy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Privacy;

/// <summary>A receipt as it is kept.</summary>
internal sealed class StoredErasure
{
    public required Guid Id { get; init; }

    /// <summary>Null for the platform's own people.</summary>
    public required Guid? TenantId { get; init; }

    public required string Pseudonym { get; init; }

    public required DateTimeOffset ErasedAt { get; init; }

    /// <summary>JSON.</summary>
    public required string Items { get; init; }

    public required string Signature { get; init; }

    public ErasureReceipt ToWire() => new(
        Id, TenantId, Pseudonym, ErasedAt, JsonSerializer.Deserialize<ErasedItem[]>(Items, WireJson.Options)!, Signature);
}

/// <summary>
/// Signs receipts with the keys that all replicas share in PostgreSQL. They are renewed by themselves, and old ones are
/// kept, so a receipt can be checked after years.
/// </summary>
internal sealed class ReceiptSigner(IDataProtectionProvider protection)
{
    private readonly IDataProtector _keys = protection.CreateProtector("Mefapex.Privacy.Receipts");

    public ErasureReceipt Sign(ErasureReceipt receipt) =>
        receipt with { Signature = Base64Url.EncodeToString(_keys.Protect(Digest(receipt))) };

    /// <summary>Whether this service signed exactly what stands in the receipt.</summary>
    public bool IsSigned(ErasureReceipt receipt)
    {
        if (receipt is not { Pseudonym: not null, Items: not null, Signature.Length: > 0 } || !Base64Url.IsValid(receipt.Signature))
            return false;
        try
        {
            return CryptographicOperations.FixedTimeEquals(
                _keys.Unprotect(Base64Url.DecodeFromChars(receipt.Signature)), Digest(receipt));
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static byte[] Digest(ErasureReceipt receipt) => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new object?[]
        {
            1,
            receipt.Id,
            receipt.TenantId,
            receipt.Pseudonym,
            receipt.ErasedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            receipt.Items.Select(item => new object[] { item.Store, item.Kind, item.Count }),
        }));
}

internal static class PrivacyModel
{
    public static void AddPrivacy(this ModelBuilder model) => model.Entity<StoredErasure>(erasure =>
    {
        erasure.ToTable("erasures");
        erasure.Property(e => e.Id).ValueGeneratedNever();
        erasure.Property(e => e.Items).HasColumnType("json");
        erasure.HasIndex(e => new { e.TenantId, e.ErasedAt, e.Id }).IsDescending(false, true, true);
        erasure.HasOne<Tenant>().WithMany().HasForeignKey(e => e.TenantId).OnDelete(DeleteBehavior.Cascade);
    });
}
