using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Mefapex.Api.Data;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Entries;

/// <summary>Which entries a list or an export has; every filter looks at the newest version.</summary>
/// <param name="Missing">A language that there is no text in.</param>
/// <param name="ExpiringBefore">Entries whose last day lies before it.</param>
/// <param name="Q">Words that titles or questions must all hold.</param>
internal sealed record EntryFilter(
    string? Status,
    string? Category,
    string? Owner,
    string? Missing,
    DateOnly? ExpiringBefore,
    string? Q)
{
    public static readonly EntryFilter None = new(null, null, null, null, null, null);

    public IQueryable<EntryRow> Of(MefapexDb db, Guid tenantId)
    {
        var rows =
            from entry in db.KnowledgeEntries.AsNoTracking()
            where entry.TenantId == tenantId
            join version in db.KnowledgeVersions.AsNoTracking()
                on new { entry.TenantId, entry.Id, entry.Version }
                equals new { version.TenantId, Id = version.EntryId, version.Version }
            select new EntryRow { Entry = entry, Newest = version };
        if (Status is not null)
            rows = rows.Where(r => r.Entry.Status == Status);
        if (Category is not null)
            rows = rows.Where(r => r.Newest.Category == Category);
        if (Owner is not null)
            rows = rows.Where(r => r.Newest.Owner == Owner);
        if (Missing is not null)
            rows = rows.Where(r => !r.Newest.Languages.Contains(Missing));
        if (ExpiringBefore is not null)
            rows = rows.Where(r => r.Newest.ExpiresOn < ExpiringBefore);
        foreach (var word in FoldedText.Of(Q ?? "").Key.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            rows = rows.Where(r => r.Newest.Folded.Contains(word) || r.Entry.Id.Contains(word));
        return rows;
    }
}

internal sealed class EntryRow
{
    public required KnowledgeEntry Entry { get; init; }

    public required KnowledgeVersion Newest { get; init; }
}

/// <summary>The orders of the list of entries, and how each goes on behind a row.</summary>
internal static class EntryOrder
{
    public const string Updated = "updated";
    public const string Title = "title";

    /// <returns>Null when the cursor is not one of this order.</returns>
    public static IQueryable<EntryRow>? After(this IQueryable<EntryRow> rows, string sort, string? cursor)
    {
        if (cursor is null)
            return Sorted(rows, sort);
        if (ListCursor.Parse(cursor) is not { } last || last.Sort != sort)
            return null;
        if (sort == Title)
        {
            return Sorted(rows.Where(r => EF.Functions.GreaterThan(
                ValueTuple.Create(r.Newest.FoldedTitle, r.Entry.Id), ValueTuple.Create(last.Value, last.Id))), sort);
        }

        if (!DateTimeOffset.TryParseExact(last.Value, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return null;
        return Sorted(rows.Where(r => EF.Functions.LessThan(
            ValueTuple.Create(r.Entry.UpdatedAt, r.Entry.Id), ValueTuple.Create(at, last.Id))), sort);
    }

    public static ListCursor CursorOf(EntryRow row, string sort) => new(
        sort,
        sort == Title ? row.Newest.FoldedTitle : row.Entry.UpdatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        row.Entry.Id);

    private static IQueryable<EntryRow> Sorted(IQueryable<EntryRow> rows, string sort) => sort == Title
        ? rows.OrderBy(r => r.Newest.FoldedTitle).ThenBy(r => r.Entry.Id)
        : rows.OrderByDescending(r => r.Entry.UpdatedAt).ThenByDescending(r => r.Entry.Id);
}

/// <summary>Where a page ended: the order, its value and the id of the last row; opaque to callers.</summary>
internal sealed record ListCursor(string Sort, string Value, string Id)
{
    /// <returns>Null when the text is not a cursor.</returns>
    public static ListCursor? Parse(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        try
        {
            return JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text)) is [{ } sort, { } value, { } id]
                ? new(sort, value, id)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string[])[Sort, Value, Id]));
}
