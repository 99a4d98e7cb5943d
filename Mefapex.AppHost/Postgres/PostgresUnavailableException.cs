namespace Mefapex.AppHost.Postgres;

/// <summary>There is no usable PostgreSQL server here; the message says why and what helps.</summary>
internal sealed class PostgresUnavailableException(string message) : Exception(message);
