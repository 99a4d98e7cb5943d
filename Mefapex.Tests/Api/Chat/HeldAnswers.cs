using Npgsql;

namespace Mefapex.Tests.Api.Chat;

/// <summary>While it is there no question can be answered: the search waits for a table that it holds.</summary>
internal sealed class HeldAnswers : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private HeldAnswers(NpgsqlConnection connection) => _connection = connection;

    public static async Task<HeldAnswers> HoldAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("begin; lock table knowledge_texts in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new HeldAnswers(connection);
    }

    /// <summary>Lets go.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
