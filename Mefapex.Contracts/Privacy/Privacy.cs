namespace Mefapex.Contracts.Privacy;

/// <summary>Body of <c>POST /api/v1/account/erase</c>.</summary>
/// <param name="Password">The account's, once more.</param>
public sealed record EraseRequest(string? Password);

/// <summary>Proof of an erasure, which says nothing about the person but the name that took theirs.</summary>
/// <param name="TenantId">Null for those who run the platform.</param>
/// <param name="Pseudonym">What stands where the person's name stood.</param>
/// <param name="Items">What went, in the order it went.</param>
/// <param name="Signature">Of all the rest; <c>POST /api/v1/privacy/receipts/verify</c> says whether it holds.</param>
public sealed record ErasureReceipt(
    Guid Id,
    Guid? TenantId,
    string Pseudonym,
    DateTimeOffset ErasedAt,
    IReadOnlyList<ErasedItem> Items,
    string Signature);

/// <summary>What an erasure took from a place.</summary>
/// <param name="Store">A table, a table's column, or a store outside of the database.</param>
/// <param name="Kind">One of <see cref="ErasedKind"/>.</param>
public sealed record ErasedItem(string Store, string Kind, int Count);

/// <summary>What was erased.</summary>
public static class ErasedKind
{
    /// <summary>Rows that are gone.</summary>
    public const string Rows = "rows";

    /// <summary>Texts that are gone from rows that stay.</summary>
    public const string Texts = "texts";

    /// <summary>Names that a pseudonym took the place of.</summary>
    public const string Names = "names";

    /// <summary>Files that are gone.</summary>
    public const string Files = "files";

    /// <summary>Things kept in memory or in Redis for a while.</summary>
    public const string Memory = "memory";
}

/// <summary>Answer of <c>POST /api/v1/privacy/receipts/verify</c>.</summary>
/// <param name="Valid">Whether this service signed the receipt and nothing in it was changed since.</param>
public sealed record ReceiptVerdict(bool Valid);
