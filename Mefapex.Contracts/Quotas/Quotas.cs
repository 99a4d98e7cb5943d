namespace Mefapex.Contracts.Quotas;

/// <summary>
/// Body and answer of <c>/api/v1/admin/tenants/{slug}/quotas</c>: what a tenant may use. Null is the platform's default,
/// which is no limit unless it is configured. <c>TimeZone</c> (<c>Europe/Istanbul</c>) says when the tenant's day begins; UTC
/// without one.
/// </summary>
/// <param name="StorageBytes">Files of documents as they were uploaded, all versions that are kept.</param>
/// <param name="TokensPerDay">Tokens that models read to embed, and read and wrote to generate.</param>
public sealed record TenantQuotaSettings(
    long? QuestionsPerDay = null,
    long? Documents = null,
    long? StorageBytes = null,
    long? TokensPerDay = null,
    string? TimeZone = null);

/// <summary>Names of quotas, in problems and in <see cref="TenantUsage"/>.</summary>
public static class QuotaNames
{
    /// <summary>Questions that were answered.</summary>
    public const string QuestionsPerDay = "questions_per_day";

    /// <summary>Documents of the knowledge.</summary>
    public const string Documents = "documents";

    /// <summary>Bytes of their files.</summary>
    public const string StorageBytes = "storage_bytes";

    /// <summary>Tokens of models.</summary>
    public const string TokensPerDay = "tokens_per_day";
}

/// <summary>Answer of <c>GET /api/v1/admin/usage</c>, with the tenant's present day.</summary>
public sealed record TenantUsage(DateOnly Day, string TimeZone, IReadOnlyList<QuotaUsage> Quotas);

/// <summary>How much of a quota is used.</summary>
/// <param name="Quota">One of <see cref="QuotaNames"/>.</param>
/// <param name="Limit">Null for none.</param>
/// <param name="Share">Used by limit, 0 and up; null without a limit.</param>
/// <param name="NearLimit">From 80 % on.</param>
/// <param name="ResetsAt">When it counts from nothing again; null for what stays.</param>
public sealed record QuotaUsage(string Quota, long? Limit, long Used, double? Share, bool NearLimit, DateTimeOffset? ResetsAt);
