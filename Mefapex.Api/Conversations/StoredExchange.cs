using System.Text.Json;
using Mefapex.Api.Accounts;
using Mefapex.Api.Tenants;
using Mefapex.Contracts;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Conversations;

/// <summary>A question with its answer: one row, so that neither can be stored without the other or twice.</summary>
internal sealed class StoredExchange
{
    public required Guid Id { get; init; }

    public required Guid ConversationId { get; init; }

    public required Guid TenantId { get; init; }

    public required Guid UserId { get; init; }

    public required string Question { get; init; }

    public required string Response { get; init; }

    public required string Source { get; init; }

    public required string Decision { get; init; }

    public required IReadOnlyList<AnswerSource> Sources { get; init; }

    public IReadOnlyList<Citation> Citations { get; init; } = [];

    /// <summary>The question as it was understood from the conversation; null when it was taken as it stands.</summary>
    public string? Understood { get; init; }

    /// <summary>Question and answer as they are searched, see <see cref="FoldedText.Key"/>. A person's own exchanges are
    /// few, so this needs no index beside the one on the person.</summary>
    public required string Folded { get; init; }

    /// <summary>How the answer came about (candidates, scores, thresholds, model), as JSON for editors.</summary>
    public required string Why { get; init; }

    /// <summary>Calibrated probability, 0 to 1.</summary>
    public required double Confidence { get; init; }

    public required string Language { get; init; }

    public required string Degradation { get; init; }

    public required bool Cached { get; init; }

    public required double ResponseTimeMs { get; init; }

    public required DateTimeOffset AskedAt { get; init; }

    public static string Fold(string question, string response) => FoldedText.Of($"{question}\n{response}").Key;

    public ChatAnswer ToAnswer() => new()
    {
        Response = Response,
        Source = Source,
        SessionId = ConversationId.ToString(),
        MessageId = Id.ToString(),
        Decision = Decision,
        Sources = Sources,
        Citations = Citations,
        Understood = Understood,
        Confidence = Confidence,
        Language = Language,
        Degradation = Degradation,
        Cached = Cached,
        ResponseTimeMs = ResponseTimeMs,
    };

    public Exchange ToWire(Feedback? feedback = null) => new(Id.ToString(), Question, ToAnswer(), AskedAt, feedback?.ToWire());

    public HistoryMessage ToHistory() => new(
        Id.ToString(),
        ConversationId.ToString(),
        UserId.ToString(),
        Question,
        Response,
        Source,
        AskedAt,
        new(Decision, Confidence, Language, Degradation, Sources));
}

internal sealed class StoredExchangeConfiguration : IEntityTypeConfiguration<StoredExchange>
{
    public void Configure(EntityTypeBuilder<StoredExchange> exchange)
    {
        exchange.ToTable("exchanges");
        exchange.Property(e => e.Id).ValueGeneratedNever();
        exchange.Property(e => e.Why).HasColumnType("jsonb");
        AsJson(exchange.Property(e => e.Sources));
        AsJson(exchange.Property(e => e.Citations));
        exchange.HasIndex(e => new { e.ConversationId, e.AskedAt, e.Id });
        exchange.HasIndex(e => new { e.UserId, e.AskedAt });
        exchange.HasIndex(e => new { e.TenantId, e.AskedAt });
        exchange.HasOne<Conversation>().WithMany().HasForeignKey(e => e.ConversationId).OnDelete(DeleteBehavior.Cascade);
        exchange.HasOne<Tenant>().WithMany().HasForeignKey(e => e.TenantId).OnDelete(DeleteBehavior.Restrict);
        exchange.HasOne<User>().WithMany().HasForeignKey(e => e.UserId).OnDelete(DeleteBehavior.Cascade);
    }

    private static void AsJson<T>(PropertyBuilder<IReadOnlyList<T>> list) => list.HasColumnType("jsonb").HasConversion(
        items => JsonSerializer.Serialize(items, WireJson.Options),
        json => JsonSerializer.Deserialize<T[]>(json, WireJson.Options)!,
        new ValueComparer<IReadOnlyList<T>>(
            (a, b) => ReferenceEquals(a, b) || (a != null && b != null && a.SequenceEqual(b)),
            items => items.Count,
            items => items));
}
