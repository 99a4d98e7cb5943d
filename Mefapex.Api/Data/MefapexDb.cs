using Mefapex.Api.Accounts;
using Mefapex.Api.Accounts.OpenId;
using Mefapex.Api.Accounts.SecondFactors;
using Mefapex.Api.Accounts.SigningKeys;
using Mefapex.Api.Ai;
using Mefapex.Api.Audit;
using Mefapex.Api.Conversations;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Review;
using Mefapex.Api.Knowledge.Tasks;
using Mefapex.Api.Limits;
using Mefapex.Api.Operations;
using Mefapex.Api.Privacy;
using Mefapex.Api.Privacy.Retention;
using Mefapex.Api.Quotas;
using Mefapex.Api.Tenants;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Data;

/// <summary>Everything Mefapex keeps in PostgreSQL.</summary>
internal sealed class MefapexDb : DbContext
{
    public MefapexDb(DbContextOptions<MefapexDb> options)
        : base(options)
    {
        // Whose rows are written is said at the start of a transaction.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    public DbSet<Tenant> Tenants => Set<Tenant>();

    public DbSet<TenantHost> TenantHosts => Set<TenantHost>();

    public DbSet<User> Users => Set<User>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<PasswordReset> PasswordResets => Set<PasswordReset>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<SignInFailure> SignInFailures => Set<SignInFailure>();

    public DbSet<ExternalLogin> ExternalLogins => Set<ExternalLogin>();

    public DbSet<SecondFactor> SecondFactors => Set<SecondFactor>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<Conversation> Conversations => Set<Conversation>();

    public DbSet<StoredExchange> Exchanges => Set<StoredExchange>();

    public DbSet<Feedback> Feedback => Set<Feedback>();

    public DbSet<KnowledgeBase> KnowledgeBases => Set<KnowledgeBase>();

    public DbSet<KnowledgeEntry> KnowledgeEntries => Set<KnowledgeEntry>();

    public DbSet<KnowledgeVersion> KnowledgeVersions => Set<KnowledgeVersion>();

    public DbSet<SynonymGroup> SynonymGroups => Set<SynonymGroup>();

    public DbSet<KnowledgeVector> KnowledgeVectors => Set<KnowledgeVector>();

    public DbSet<Document> Documents => Set<Document>();

    public DbSet<DocumentVersion> DocumentVersions => Set<DocumentVersion>();

    public DbSet<DocumentChunk> DocumentChunks => Set<DocumentChunk>();

    public DbSet<ChunkVector> ChunkVectors => Set<ChunkVector>();

    public DbSet<KnowledgeTask> KnowledgeTasks => Set<KnowledgeTask>();

    public DbSet<KnowledgeLabel> KnowledgeLabels => Set<KnowledgeLabel>();

    public DbSet<TenantCalibration> TenantCalibrations => Set<TenantCalibration>();

    public DbSet<KnowledgeGap> KnowledgeGaps => Set<KnowledgeGap>();

    public DbSet<AuditRow> AuditEvents => Set<AuditRow>();

    public DbSet<AuditName> AuditNames => Set<AuditName>();

    public DbSet<StoredErasure> Erasures => Set<StoredErasure>();

    public DbSet<RetentionSetting> Retention => Set<RetentionSetting>();

    public DbSet<PermissionAudit> PermissionAudits => Set<PermissionAudit>();

    public DbSet<AuditOrigin> AuditOrigins => Set<AuditOrigin>();

    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    public DbSet<TenantQuota> TenantQuotas => Set<TenantQuota>();

    public DbSet<DailyUsage> DailyUsage => Set<DailyUsage>();

    public DbSet<IdempotentRequest> IdempotentRequests => Set<IdempotentRequest>();

    public DbSet<ForcedFallback> ForcedFallbacks => Set<ForcedFallback>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new TenantConfiguration());
        modelBuilder.ApplyConfiguration(new TenantHostConfiguration());
        modelBuilder.ApplyConfiguration(new UserConfiguration());
        modelBuilder.ApplyConfiguration<Session>(new SessionConfiguration());
        modelBuilder.ApplyConfiguration<RefreshToken>(new SessionConfiguration());
        modelBuilder.ApplyConfiguration<Invitation>(new InvitationConfiguration());
        modelBuilder.ApplyConfiguration<PasswordReset>(new InvitationConfiguration());
        modelBuilder.ApplyConfiguration(new SignInFailureConfiguration());
        modelBuilder.ApplyConfiguration(new ExternalLoginConfiguration());
        modelBuilder.ApplyConfiguration<SecondFactor>(new SecondFactorConfiguration());
        modelBuilder.ApplyConfiguration<RecoveryCode>(new SecondFactorConfiguration());
        modelBuilder.ApplyConfiguration(new SigningKeyConfiguration());
        modelBuilder.ApplyConfiguration(new ApiKeyConfiguration());
        modelBuilder.ApplyConfiguration(new ConversationConfiguration());
        modelBuilder.ApplyConfiguration(new StoredExchangeConfiguration());
        modelBuilder.ApplyConfiguration(new FeedbackConfiguration());
        modelBuilder.ApplyConfiguration(new DataProtectionKeyConfiguration());
        modelBuilder.AddKnowledge();
        modelBuilder.AddReview();
        modelBuilder.AddAudit();
        modelBuilder.ApplyConfiguration(new IdempotentRequestConfiguration());
        modelBuilder.ApplyConfiguration<TenantQuota>(new QuotaConfiguration());
        modelBuilder.ApplyConfiguration<DailyUsage>(new QuotaConfiguration());
        modelBuilder.AddPrivacy();
        modelBuilder.ApplyConfiguration(new ForcedFallbackConfiguration());
        modelBuilder.ApplyConfiguration(new RetentionSettingConfiguration());
        modelBuilder.ApplyConfiguration(new PermissionAuditConfiguration());
        modelBuilder.UseSnakeCaseNames();
    }
}
