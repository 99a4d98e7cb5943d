using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Data;

internal static class Transactions
{
    /// <summary>Runs the work in one transaction, all of it again when the connection broke meanwhile.</summary>
    public static Task<T> InTransactionAsync<T>(this MefapexDb db, Func<Task<T>> work, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var result = await work();
            await transaction.CommitAsync(cancellationToken);
            return result;
        });
}
