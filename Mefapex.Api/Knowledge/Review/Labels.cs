using Mefapex.Api.Accounts;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Tenants;
using Mefapex.Contracts.Knowledge;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>A tenant's labelled questions.</summary>
internal sealed class Labels(MefapexDb db, TimeProvider time)
{
    /// <summary>The most that a tenant keeps: all of them are asked before something is published.</summary>
    public const int Most = 5000;

    private const int MaxExpected = 10;
    private const int MaxKind = 40;
    private const string DefaultKind = "other";

    /// <summary>All of a tenant's, in an order that stays the same.</summary>
    public Task<List<KnowledgeLabel>> AllAsync(Guid tenantId, CancellationToken cancellationToken) =>
        db.KnowledgeLabels.AsNoTracking().Where(l => l.TenantId == tenantId).OrderBy(l => l.Id).ToListAsync(cancellationToken);

    /// <summary>The label in the form that is kept, or in a sentence what is wrong with it.</summary>
    /// <param name="known">See <see cref="KnownAsync"/>.</param>
    public static (LabelDraft? Label, string? Problem) Check(LabelDraft? draft, IReadOnlySet<string> known)
    {
        draft ??= new(null, null, null);
        var question = (draft.Question ?? "").Replace("\0", "", StringComparison.Ordinal).Trim();
        var language = draft.Language?.Trim() is { Length: > 0 } given ? given : "tr";
        var kind = draft.Kind?.Trim() is { Length: > 0 } word ? word : DefaultKind;
        string[] expected = [.. (draft.Expected ?? []).Select(id => id?.Trim() ?? "").Distinct(StringComparer.Ordinal)];
        var unknown = expected.Where(id => !known.Contains(id)).ToList();
        return question switch
        {
            "" => (null, ReviewTexts.Get("LabelQuestionMissing")),
            _ when question.EnumerateRunes().Count() > ChatService.MaxLength => (null, ReviewTexts.Format("LabelQuestionTooLong", ChatService.MaxLength)),
            _ when language is not ("tr" or "en") => (null, ReviewTexts.Format("LabelLanguageUnknown", language)),
            _ when draft.Expected is null => (null, ReviewTexts.Get("LabelExpectedMissing")),
            _ when expected.Length > MaxExpected => (null, ReviewTexts.Format("LabelExpectedTooMany", MaxExpected)),
            _ when unknown.Count > 0 => (null, ReviewTexts.Format("LabelExpectedUnknown", string.Join(", ", unknown))),
            _ when kind.Length > MaxKind => (null, ReviewTexts.Format("LabelKindTooLong", MaxKind)),
            _ => (new(question, language, expected, kind), null),
        };
    }

    /// <summary>Ids that a label may expect: the tenant's entries and documents.</summary>
    public async Task<IReadOnlySet<string>> KnownAsync(Guid tenantId, CancellationToken cancellationToken)
    {
        var entries = await db.KnowledgeEntries.Where(e => e.TenantId == tenantId).Select(e => e.Id).ToListAsync(cancellationToken);
        var documents = await db.Documents.Where(d => d.TenantId == tenantId).Select(d => d.Id).ToListAsync(cancellationToken);
        return entries.Concat(documents.Select(id => id.ToString())).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Adds what is new and changes what is known by its question; all of it or nothing.</summary>
    /// <param name="labels">Checked; of two with the same question the later counts.</param>
    /// <returns>Null when the tenant would keep more than <see cref="Most"/>.</returns>
    public async Task<(int Added, int Changed, int Unchanged)?> SaveAsync(
        TenantScope tenant,
        Caller by,
        IReadOnlyCollection<LabelDraft> labels,
        CancellationToken cancellationToken)
    {
        var given = labels.Reverse().DistinctBy(l => l.Question, StringComparer.Ordinal).Reverse().ToList();
        var stored = await db.KnowledgeLabels.Where(l => l.TenantId == tenant.Id)
            .ToDictionaryAsync(l => l.Question, StringComparer.Ordinal, cancellationToken);
        var now = time.GetUtcNow();
        var (added, changed) = (0, 0);
        foreach (var label in given)
        {
            if (!stored.TryGetValue(label.Question!, out var known))
            {
                db.KnowledgeLabels.Add(New(tenant, by, label, now));
                added++;
            }
            else if (known.Language != label.Language || known.Kind != label.Kind || !known.Expected.SequenceEqual(label.Expected!, StringComparer.Ordinal))
            {
                Change(known, label, by, now);
                changed++;
            }
        }

        if (stored.Count + added > Most)
            return null;
        await db.SaveChangesAsync(cancellationToken);
        return (added, changed, given.Count - added - changed);
    }

    public static KnowledgeLabel New(TenantScope tenant, Caller by, LabelDraft label, DateTimeOffset now) => new()
    {
        TenantId = tenant.Id,
        Id = Guid.CreateVersion7(now),
        Language = label.Language!,
        Question = label.Question!,
        Expected = [.. label.Expected!],
        Kind = label.Kind!,
        UpdatedAt = now,
        UpdatedBy = by.Username,
    };

    public static void Change(KnowledgeLabel label, LabelDraft to, Caller by, DateTimeOffset now)
    {
        label.Question = to.Question!;
        label.Language = to.Language!;
        label.Expected = [.. to.Expected!];
        label.Kind = to.Kind!;
        label.UpdatedAt = now;
        label.UpdatedBy = by.Username;
    }
}
