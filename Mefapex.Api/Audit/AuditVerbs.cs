namespace Mefapex.Api.Audit;

/// <summary>Everything that is audited, by name. An event with another verb is refused.</summary>
internal static class AuditVerbs
{
    public const string SignedIn = "signed-in";
    public const string SignInFailed = "sign-in-failed";
    public const string SignedOut = "signed-out";
    public const string SignedOutEverywhere = "signed-out-everywhere";
    public const string SessionEnded = "session-ended";
    public const string TokenReused = "token-reused";
    public const string AccountCreated = "account-created";
    public const string AccountLinked = "account-linked";
    public const string AccountChanged = "account-changed";
    public const string AccountLocked = "account-locked";
    public const string AccountUnlocked = "account-unlocked";
    public const string AccountDisabled = "account-disabled";
    public const string AccountEnabled = "account-enabled";
    public const string AccountErased = "account-erased";
    public const string PasswordChanged = "password-changed";
    public const string PasswordResetRequested = "password-reset-requested";
    public const string PasswordReset = "password-reset";
    public const string SecondFactorEnabled = "second-factor-enabled";
    public const string SecondFactorDisabled = "second-factor-disabled";
    public const string RecoveryCodesRenewed = "recovery-codes-renewed";
    public const string RecoveryCodeUsed = "recovery-code-used";
    public const string InvitationCreated = "invitation-created";
    public const string InvitationWithdrawn = "invitation-withdrawn";
    public const string RolesChanged = "roles-changed";
    public const string GroupsChanged = "groups-changed";
    public const string GroupRenamed = "group-renamed";
    public const string GroupRemoved = "group-removed";
    public const string KeyCreated = "key-created";
    public const string KeyRevoked = "key-revoked";
    public const string SigningKeyRotated = "signing-key-rotated";
    public const string TenantCreated = "tenant-created";
    public const string TenantChanged = "tenant-changed";
    public const string QuotaChanged = "quota-changed";
    public const string EntryPublished = "entry-published";
    public const string EntryRetired = "entry-retired";
    public const string EntryRolledBack = "entry-rolled-back";
    public const string EntriesImported = "entries-imported";
    public const string GateOverridden = "gate-overridden";
    public const string SynonymsChanged = "synonyms-changed";
    public const string DocumentUploaded = "document-uploaded";
    public const string DocumentReplaced = "document-replaced";
    public const string DocumentChanged = "document-changed";
    public const string DocumentDeleted = "document-deleted";
    public const string KnowledgeExported = "knowledge-exported";
    public const string ConversationExported = "conversation-exported";
    public const string AuditExported = "audit-exported";
    public const string PersonExported = "person-exported";
    public const string RetentionChanged = "retention-changed";
    public const string RetentionApplied = "retention-applied";
    public const string CacheCleared = "cache-cleared";
    public const string MemoryCleaned = "memory-cleaned";
    public const string PermissionsAudited = "permissions-audited";
    public const string FallbackForced = "fallback-forced";
    public const string FallbackLifted = "fallback-lifted";

    public static IReadOnlySet<string> All { get; } = typeof(AuditVerbs)
        .GetFields()
        .Where(field => field.IsLiteral)
        .Select(field => (string)field.GetRawConstantValue()!)
        .ToHashSet(StringComparer.Ordinal);
}
