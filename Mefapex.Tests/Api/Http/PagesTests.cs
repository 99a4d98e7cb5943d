using Mefapex.Api.Conversations;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts;
using Mefapex.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Http;

public sealed class PagesTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    [InlineData(false, 5)]
    [InlineData(false, 6)]
    public async Task Pages_give_every_row_once_and_in_order_also_where_moments_are_equal(bool newestFirst, int limit)
    {
        await using var db = await DatabaseAsync();
        var user = await db.Users.FirstAsync(u => u.TenantId != null, Cancellation);
        Conversation[] rows = [.. new[] { 0, 1, 1, 1, 2 }.Select(minute => Conversation.Start(
            user.TenantId!.Value, user.Id, Noon.AddMinutes(minute), Guid.NewGuid()))];
        db.AddRange((IEnumerable<Conversation>)rows);
        await db.SaveChangesAsync(Cancellation);
        var stored = db.Conversations.Where(c => rows.Select(r => r.Id).Contains(c.Id));

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var sorted = newestFirst
                ? stored.NewestFirst(cursor, c => new(c.UpdatedAt, c.Id))
                : stored.OldestFirst(cursor, c => new(c.UpdatedAt, c.Id));
            Page<Guid> page = await sorted!.ToPageAsync(limit, c => new Cursor(c.UpdatedAt, c.Id), c => c.Id, Cancellation);
            page.Items.Count.ShouldBeInRange(1, limit);
            seen.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);

        // PostgreSQL sorts a uuid by its bytes, as its text does.
        var oldestFirst = rows.OrderBy(r => r.UpdatedAt).ThenBy(r => r.Id.ToString(), StringComparer.Ordinal).Select(r => r.Id).ToList();
        seen.ShouldBe(newestFirst ? Enumerable.Reverse(oldestFirst) : oldestFirst);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("bm90LWEtY3Vyc29y")]
    public async Task A_text_that_is_not_a_cursor_gives_no_query(string cursor)
    {
        await using var db = await DatabaseAsync();

        db.Conversations.NewestFirst(cursor, c => new(c.UpdatedAt, c.Id)).ShouldBeNull();
        db.Conversations.OldestFirst(cursor, c => new(c.UpdatedAt, c.Id)).ShouldBeNull();
    }

    private Task<MefapexDb> DatabaseAsync() =>
        Task.FromResult(api.Host.Services.WholeDatabase());
}
