using System.Data.Common;
using Mefapex.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Mefapex.Api.Data;

/// <summary>The database that <c>ConnectionStrings:mefapexdb</c> names.</summary>
internal sealed class DatabaseOptions
{
    // Short waits, so that a request to a server that hangs ends; a connection string may say otherwise.
    private const string Defaults = "Timeout=3;Command Timeout=10;Application Name=mefapex-api;";

    public string? Configured { get; set; }

    public string ConnectionString => Parse().ConnectionString;

    /// <summary>Which server and database, without who signs in and how.</summary>
    public string Place
    {
        get
        {
            var parsed = Parse();
            return $"{parsed.Host}:{parsed.Port}/{parsed.Database}";
        }
    }

    private NpgsqlConnectionStringBuilder Parse() => new(Defaults + Configured);

    internal sealed class Validator : IValidateOptions<DatabaseOptions>
    {
        private const string Key = $"ConnectionStrings:{ResourceNames.Database}";

        public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
        {
            if (string.IsNullOrWhiteSpace(options.Configured))
            {
                return ValidateOptionsResult.Fail(
                    $"No database is configured: start with ./mefapex up, or set {Key} "
                    + $"(ConnectionStrings__{ResourceNames.Database} in the environment) or DATABASE_URL.");
            }

            try
            {
                return string.IsNullOrEmpty(options.Parse().Host)
                    ? ValidateOptionsResult.Fail($"{Key} names no Host.")
                    : ValidateOptionsResult.Success;
            }
            catch (Exception e) when (e is ArgumentException or DbException)
            {
                return ValidateOptionsResult.Fail($"{Key} cannot be read: {e.Message}");
            }
        }
    }
}
