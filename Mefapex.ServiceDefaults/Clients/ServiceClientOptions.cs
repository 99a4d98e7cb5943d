using System.Globalization;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// How calls to other services behave: section <c>ServiceClients</c>, for one client changed by
/// <see cref="ServiceClientExtensions.ConfigureServiceClient"/>. Times are from sending to the response's headers, so
/// a stream that is read afterwards may run on.
/// </summary>
public sealed class ServiceClientOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "ServiceClients";

    /// <summary>Longest wait for one attempt; 10 ms to an hour.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for all attempts together; not shorter than an attempt.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether asking twice does no harm, whatever the method says. Such calls, and GET, HEAD, PUT, DELETE and OPTIONS,
    /// are repeated when an attempt timed out or broke off; such calls alone also when the service answered 5xx. A
    /// connection that was never made is tried again in any case.
    /// </summary>
    public bool Idempotent { get; set; }

    /// <summary>How often a call is repeated, 1 to 10. The same for all clients.</summary>
    public int Retries { get; set; } = 3;

    /// <summary>Pause before a repetition. The same for all clients.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long an endpoint that refused or timed out is passed over. The same for all clients.</summary>
    public TimeSpan Cooling { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Share of failed attempts, 0.01 to 1, at which a service is not called for a while. The same for all clients.</summary>
    public double BreakAtFailureRatio { get; set; } = 0.8;

    /// <summary>Attempts within <see cref="BreakWindow"/> before the ratio counts, at least 2. The same for all clients.</summary>
    public int BreakAtCalls { get; set; } = 20;

    /// <summary>The time over which the ratio is taken; at least twice an attempt. The same for all clients.</summary>
    public TimeSpan BreakWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a service is not called once it broke; at least 500 ms. The same for all clients.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(3);
}

internal sealed class ServiceClientOptionsValidator : IValidateOptions<ServiceClientOptions>
{
    public ValidateOptionsResult Validate(string? name, ServiceClientOptions options)
    {
        var errors = new List<string>();
        Require(options.AttemptTimeout >= TimeSpan.FromMilliseconds(10) && options.AttemptTimeout <= TimeSpan.FromHours(1),
            nameof(options.AttemptTimeout), options.AttemptTimeout, "10 ms to 1 h");
        Require(options.TotalTimeout >= options.AttemptTimeout && options.TotalTimeout <= TimeSpan.FromHours(1),
            nameof(options.TotalTimeout), options.TotalTimeout,
            $"at least AttemptTimeout ({options.AttemptTimeout:c}) and at most 1 h");
        Require(options.Retries is >= 1 and <= 10, nameof(options.Retries), options.Retries, "1 to 10");
        Require(options.RetryDelay >= TimeSpan.Zero && options.RetryDelay <= TimeSpan.FromSeconds(5),
            nameof(options.RetryDelay), options.RetryDelay, "0 to 5 s");
        Require(options.Cooling >= TimeSpan.Zero, nameof(options.Cooling), options.Cooling, "not negative");
        Require(options.BreakAtFailureRatio is >= 0.01 and <= 1,
            nameof(options.BreakAtFailureRatio), options.BreakAtFailureRatio, "0.01 to 1");
        Require(options.BreakAtCalls >= 2, nameof(options.BreakAtCalls), options.BreakAtCalls, "at least 2");
        Require(!string.IsNullOrEmpty(name) || options.BreakWindow >= 2 * options.AttemptTimeout,
            nameof(options.BreakWindow), options.BreakWindow,
            $"at least twice AttemptTimeout ({options.AttemptTimeout:c})");
        Require(options.BreakDuration >= TimeSpan.FromMilliseconds(500),
            nameof(options.BreakDuration), options.BreakDuration, "at least 500 ms");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Require<TValue>(bool holds, string property, TValue value, string expected)
        {
            if (!holds)
            {
                errors.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{ServiceClientOptions.Section}:{property} is {value}, expected {expected}{Where(name)}."));
            }
        }
    }

    private static string Where(string? name) => string.IsNullOrEmpty(name) ? "" : $" (client {name})";
}
