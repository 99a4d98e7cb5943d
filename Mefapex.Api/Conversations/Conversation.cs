using System.Globalization;
using Mefapex.Api.Accounts;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Mefapex.Api.Conversations;

/// <summary>A person's exchanges in the order they were asked.</summary>
internal sealed class Conversation
{
    /// <summary>Titles are the first question, cut to this many characters.</summary>
    public const int MaxTitleLength = 80;

    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>Empty until the first question.</summary>
    public string Title { get; private set; } = "";

    /// <summary>The title as it is searched, see <see cref="FoldedText.Key"/>.</summary>
    public string FoldedTitle { get; private set; } = "";

    public bool Pinned { get; set; }

    /// <summary>1 for a new conversation, one more with each edit of title or pin; questions leave it.</summary>
    public int Revision { get; set; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public static Conversation Start(Guid tenantId, Guid userId, DateTimeOffset now, Guid? id = null) => new()
    {
        Id = id ?? Guid.CreateVersion7(now),
        TenantId = tenantId,
        UserId = userId,
        CreatedAt = now,
        UpdatedAt = now,
    };

    public ConversationSummary ToWire(int exchanges) =>
        new(Id.ToString(), Title, CreatedAt, UpdatedAt, exchanges, Pinned, Revision);

    public void Name(string title)
    {
        Title = title;
        FoldedTitle = FoldedText.Of(title).Key;
    }

    /// <summary>1 to <see cref="MaxTitleLength"/> characters as people see them.</summary>
    public static bool IsTitle(string line) => new StringInfo(line).LengthInTextElements is >= 1 and <= MaxTitleLength;

    /// <summary>A text with every run of white space as one space.</summary>
    public static string LineOf(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A question as a title: one line, cut between characters as people see them.</summary>
    public static string TitleOf(string question) => Shorten(question, MaxTitleLength);

    /// <summary>A text as one line of at most so many characters as people see them.</summary>
    public static string Shorten(string text, int length)
    {
        var line = LineOf(text);
        var characters = new StringInfo(line);
        return characters.LengthInTextElements <= length ? line : characters.SubstringByTextElements(0, length - 1) + "…";
    }
}

internal sealed class ConversationConfiguration : IEntityTypeConfiguration<Conversation>
{
    public void Configure(EntityTypeBuilder<Conversation> conversation)
    {
        conversation.ToTable("conversations");
        conversation.Property(c => c.Id).ValueGeneratedNever();
        conversation.HasIndex(c => new { c.UserId, c.UpdatedAt, c.Id }).IsDescending(false, true, true);
        conversation.HasIndex(c => c.TenantId);
        conversation.HasOne<Tenant>().WithMany().HasForeignKey(c => c.TenantId).OnDelete(DeleteBehavior.Restrict);
        conversation.HasOne<User>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
