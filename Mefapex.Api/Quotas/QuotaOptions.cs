namespace Mefapex.Api.Quotas;

/// <summary>Section <c>Quotas</c>: what a tenant may use that has no figures of its own; null for no limit.</summary>
internal sealed class QuotaOptions
{
    public const string Section = "Quotas";

    public long? QuestionsPerDay { get; init; }

    public long? Documents { get; init; }

    public long? StorageBytes { get; init; }

    public long? TokensPerDay { get; init; }

    /// <summary>How often counts are written to PostgreSQL and those of other replicas read.</summary>
    public TimeSpan Exchange { get; init; } = TimeSpan.FromSeconds(2);

    public bool IsValid =>
        new[] { QuestionsPerDay, Documents, StorageBytes, TokensPerDay }.All(limit => limit is null or >= 0)
        && Exchange >= TimeSpan.FromMilliseconds(100) && Exchange <= TimeSpan.FromMinutes(1);
}
