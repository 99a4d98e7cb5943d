using Mefapex.Contracts;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Mefapex.Api.Shared;

/// <summary>Section <c>Redis</c>, and the server that <c>ConnectionStrings:redis</c> names.</summary>
internal sealed class RedisOptions
{
    public const string Section = "Redis";

    /// <summary>The connection string, <c>host:port,password=…</c>; without one this process keeps to its own memory.</summary>
    public string? Configured { get; set; }

    /// <summary>Begins every key, so that several installations can share a server.</summary>
    public string Prefix { get; init; } = "mefapex:";

    /// <summary>A server that takes longer over a command counts as away.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often the server is asked whether it still answers, or answers again.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    public bool IsConfigured => !string.IsNullOrWhiteSpace(Configured);

    /// <summary>Which server, without who signs in and how.</summary>
    public string Place => string.Join(", ", Parse().EndPoints.Select(endPoint =>
        endPoint is System.Net.DnsEndPoint named ? $"{named.Host}:{named.Port}" : endPoint.ToString()));

    public ConfigurationOptions Parse() => ConfigurationOptions.Parse(Configured);

    internal sealed class Validator : IValidateOptions<RedisOptions>
    {
        private const string Key = $"ConnectionStrings:{ResourceNames.Redis}";

        public ValidateOptionsResult Validate(string? name, RedisOptions options)
        {
            if (options.Timeout <= TimeSpan.Zero || options.ProbeInterval <= TimeSpan.Zero)
            {
                return ValidateOptionsResult.Fail(
                    $"{Section}:Timeout ({options.Timeout}) and {Section}:ProbeInterval ({options.ProbeInterval}) must be above zero.");
            }

            if (!options.IsConfigured)
                return ValidateOptionsResult.Success;
            try
            {
                return options.Parse().EndPoints.Count > 0
                    ? ValidateOptionsResult.Success
                    : ValidateOptionsResult.Fail($"{Key} names no server. Set it to host:port, or leave it out.");
            }
            catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
            {
                // The message of the library may repeat a password.
                return ValidateOptionsResult.Fail($"{Key} cannot be read. It looks like host:port,password=….");
            }
        }
    }
}
