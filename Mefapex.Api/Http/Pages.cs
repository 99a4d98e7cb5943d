using System.Collections.ObjectModel;
using System.Linq.Expressions;
using Mefapex.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace Mefapex.Api.Http;

/// <summary>Lists page by page: where a page begins, and what a caller needs to ask for the next one.</summary>
internal static class Pages
{
    /// <summary>Sorts rows from the newest to the oldest, without those of the pages before.</summary>
    /// <param name="cursor">Where the page before ended; null for the first page.</param>
    /// <param name="position">The moment and id of a row: <c>row => new(row.UpdatedAt, row.Id)</c>.</param>
    /// <returns>Null when the text is not a cursor.</returns>
    public static IQueryable<TRow>? NewestFirst<TRow>(
        this IQueryable<TRow> rows, string? cursor, Expression<Func<TRow, Cursor>> position) =>
        After(rows, cursor, position, last => (at, id) => EF.Functions.LessThan(
                ValueTuple.Create(at, id), ValueTuple.Create(last.At, last.Id)))
            ?.OrderByDescending(Key<TRow, DateTimeOffset>(position, 0)).ThenByDescending(Key<TRow, Guid>(position, 1));

    /// <summary>The same from the oldest to the newest.</summary>
    public static IQueryable<TRow>? OldestFirst<TRow>(
        this IQueryable<TRow> rows, string? cursor, Expression<Func<TRow, Cursor>> position) =>
        After(rows, cursor, position, last => (at, id) => EF.Functions.GreaterThan(
                ValueTuple.Create(at, id), ValueTuple.Create(last.At, last.Id)))
            ?.OrderBy(Key<TRow, DateTimeOffset>(position, 0)).ThenBy(Key<TRow, Guid>(position, 1));

    /// <summary>The first rows of a sorted query as a page, with the cursor of the next where there are more.</summary>
    public static Task<Page<TWire>> ToPageAsync<TRow, TCursor, TWire>(
        this IQueryable<TRow> rows,
        int limit,
        Func<TRow, TCursor> position,
        Func<TRow, TWire> toWire,
        CancellationToken cancellationToken)
        where TRow : class
        where TCursor : notnull =>
        rows.ToPageAsync(limit, row => row, position, toWire, cancellationToken);

    /// <param name="read">What is read of a row.</param>
    public static async Task<Page<TWire>> ToPageAsync<TRow, TRead, TCursor, TWire>(
        this IQueryable<TRow> rows,
        int limit,
        Expression<Func<TRow, TRead>> read,
        Func<TRead, TCursor> position,
        Func<TRead, TWire> toWire,
        CancellationToken cancellationToken)
        where TRead : class
        where TCursor : notnull
    {
        // One more than the page holds tells whether another follows.
        var found = await rows.Take(limit + 1).Select(read).AsNoTracking().ToListAsync(cancellationToken);
        var page = found.Take(limit).ToList();
        return new([.. page.Select(toWire)], found.Count > limit ? position(page[^1]).ToString() : null);
    }

    private static IQueryable<TRow>? After<TRow>(
        IQueryable<TRow> rows,
        string? cursor,
        Expression<Func<TRow, Cursor>> position,
        Func<Cursor, Expression<Func<DateTimeOffset, Guid, bool>>> isAfter)
    {
        if (cursor is null)
            return rows;
        if (Cursor.Parse(cursor) is not { } last)
            return null;
        var condition = isAfter(last);
        var ofRow = new ReplacingExpressionVisitor(condition.Parameters, Keys(position)).Visit(condition.Body);
        return rows.Where(Expression.Lambda<Func<TRow, bool>>(ofRow, position.Parameters));
    }

    private static Expression<Func<TRow, TKey>> Key<TRow, TKey>(Expression<Func<TRow, Cursor>> position, int place) =>
        Expression.Lambda<Func<TRow, TKey>>(Keys(position)[place], position.Parameters);

    private static ReadOnlyCollection<Expression> Keys<TRow>(Expression<Func<TRow, Cursor>> position) =>
        ((NewExpression)position.Body).Arguments;
}
