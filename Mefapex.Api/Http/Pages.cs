using Mefapex.Contracts;

namespace Mefapex.Api.Http;

internal static class Pages
{
    /// <summary>A page of <paramref name="limit"/> rows out of a query that asked for one more.</summary>
    public static Page<TWire> Of<TRow, TWire>(
        List<TRow> rows,
        int limit,
        Func<TRow, Cursor> position,
        Func<TRow, TWire> toWire)
    {
        var page = rows.Take(limit).ToList();
        return new([.. page.Select(toWire)], rows.Count > limit ? position(page[^1]).ToString() : null);
    }
}
