using System.Data.Common;
using Mefapex.Contracts;
using Mefapex.ServiceDefaults;
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

    /// <summary>As <see cref="ConnectionString"/>, for connections that keep the role they were given when they were made.</summary>
    public string ScopedConnectionString => new NpgsqlConnectionStringBuilder(ConnectionString) { NoResetOnClose = true }.ConnectionString;

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

    internal sealed class Validator(IHostEnvironment environment) : IValidateOptions<DatabaseOptions>
    {
        private const int MinPassword = 12;
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
                var parsed = options.Parse();
                if (string.IsNullOrEmpty(parsed.Host))
                    return ValidateOptionsResult.Fail($"{Key} names no Host.");
                return environment.IsDevelopment() || WeaknessOf(parsed) is not { } weakness
                    ? ValidateOptionsResult.Success
                    : ValidateOptionsResult.Fail(
                        $"{Key} {weakness}. Outside of development the database role needs a password of its own: make one with "
                        + "'openssl rand -base64 24', set it with 'alter role … password …', and name it in the connection string "
                        + $"or in a file (ConnectionStrings__{ResourceNames.Database}__FILE, POSTGRES_PASSWORD_FILE).");
            }
            catch (Exception e) when (e is ArgumentException or DbException)
            {
                return ValidateOptionsResult.Fail($"{Key} cannot be read: {e.Message}");
            }
        }

        /// <summary>Who signs in by a file, a certificate or a local socket needs no password here.</summary>
        private static string? WeaknessOf(NpgsqlConnectionStringBuilder parsed)
        {
            if (string.IsNullOrEmpty(parsed.Password))
            {
                return parsed.Passfile is null && parsed.SslCertificate is null && parsed.Host![0] is not ('/' or '@')
                    ? "names no password"
                    : null;
            }

            if (parsed.Password.Length < MinPassword)
                return $"has a password of {parsed.Password.Length} characters, fewer than {MinPassword}";
            return Secrets.IsCommonPassword(parsed.Password)
                || string.Equals(parsed.Password, parsed.Username, StringComparison.OrdinalIgnoreCase)
                    ? "has a password that anybody guesses"
                    : null;
        }
    }
}
