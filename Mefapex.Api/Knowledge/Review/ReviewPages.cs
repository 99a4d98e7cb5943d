using System.Globalization;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>Pages of lists that are worked out anew for each request; the cursor is the number of rows before the page.</summary>
internal static class ReviewPages
{
    public const int MaxPage = 100;

    public static (Page<TWire>? Page, ProblemHttpResult? Problem) Of<TRow, TWire>(
        IReadOnlyList<TRow> rows,
        string? cursor,
        int limit,
        Func<TRow, TWire> toWire)
    {
        if (limit is < 1 or > MaxPage)
            return (null, Problems.LimitOutOfRange(1, MaxPage));
        var start = 0;
        if (cursor is not null && !int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out start))
            return (null, Problems.CursorInvalid());
        var page = rows.Skip(start).Take(limit).Select(toWire).ToList();
        var next = start + page.Count;
        return (new(page, next < rows.Count ? next.ToString(CultureInfo.InvariantCulture) : null), null);
    }
}
