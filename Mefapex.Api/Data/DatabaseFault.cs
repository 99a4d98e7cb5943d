using System.Net.Sockets;
using Npgsql;

namespace Mefapex.Api.Data;

internal static class DatabaseFault
{
    /// <summary>
    /// Whether the failure means that PostgreSQL is away, starting, stopping, full or not letting us in, which may pass,
    /// rather than that it refused a statement, which will not.
    /// </summary>
    public static bool IsOutage(Exception? exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                // 08 connection, 28 authorisation, 3D000 no such database, 53 resources, 57P shutdown and start-up
                case PostgresException postgres:
                    return postgres.SqlState is "3D000"
                        || postgres.SqlState[..2] is "08" or "28" or "53"
                        || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal);
                case NpgsqlException { InnerException: null or SocketException or IOException or TimeoutException }:
                    return true;
            }
        }

        return false;
    }
}
