using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// How a service meets what comes in from outside: section <c>Edge</c>. Lists have commas between their entries.
/// </summary>
public sealed class EdgeOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Edge";

    /// <summary>
    /// Proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> count: addresses (<c>10.0.0.7</c>) and networks
    /// (<c>10.0.0.0/24</c>). None by default: whoever connects is the caller.
    /// </summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>How many proxies stand one behind the other, 1 to 10.</summary>
    public int ProxyHops { get; set; } = 1;

    /// <summary>
    /// Host names that requests may be for, such as <c>mefapex.example, *.mefapex.example</c>, also from the key
    /// <c>AllowedHosts</c>; <c>*</c> for all. Health probes may name any.
    /// </summary>
    public string AllowedHosts { get; set; } = "*";

    /// <summary>Days for which a browser that came over HTTPS stays with it, 0 to 3650; 0 says nothing about it.</summary>
    public int HstsDays { get; set; } = 365;

    /// <summary>
    /// Whether browsers may send cookies over plain HTTP outside of development too: only for a network that nobody
    /// listens on, since whoever reads a session cookie is signed in.
    /// </summary>
    public bool PlainHttpCookies { get; set; }

    /// <summary>Largest request body where an endpoint does not say otherwise: 1 KiB to 100 MiB.</summary>
    public long MaxBodyBytes { get; set; } = ServiceDefaultsExtensions.MaxRequestBodyBytes;

    /// <summary>Largest request headers together, 4 KiB to 256 KiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32 * 1024;

    /// <summary>Longest wait for the headers of a request to be complete: 1 s to 5 min.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Slowest pace, in bytes a second, at which a body may come in or an answer be taken, after the first 5 seconds:
    /// 1 to 1,000,000.
    /// </summary>
    public double MinBytesPerSecond { get; set; } = 240;

    /// <summary>
    /// Longest wait from a request's headers to the beginning of its answer: 10 ms to an hour. What has begun, such as a
    /// stream or a socket, runs on.
    /// </summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The same for requests that bring a file: not shorter than <see cref="AnswerTimeout"/>, at most a day.</summary>
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether a text is a host name or a pattern of host names: no scheme, no port, no path.</summary>
    internal static bool IsHost(string host)
    {
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return host == "*" || Uri.CheckHostName(name) is not (UriHostNameType.Unknown or UriHostNameType.Basic);
    }

    internal static string[] Split(string list) =>
        list.Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

internal sealed class EdgeOptionsValidator : IValidateOptions<EdgeOptions>
{
    public ValidateOptionsResult Validate(string? name, EdgeOptions options)
    {
        var errors = new List<string>();
        foreach (var proxy in EdgeOptions.Split(options.TrustedProxies))
            Require(IPAddress.TryParse(proxy, out _) || IPNetwork.TryParse(proxy, out _), nameof(options.TrustedProxies), proxy,
                "addresses and networks such as 10.0.0.7, 10.0.0.0/24");
        var hosts = EdgeOptions.Split(options.AllowedHosts);
        Require(hosts.Length > 0, nameof(options.AllowedHosts), "empty", "host names, or * for all");
        foreach (var host in hosts)
            Require(EdgeOptions.IsHost(host), nameof(options.AllowedHosts), host, "host names without scheme, port and path, or * for all");
        Require(options.ProxyHops is >= 1 and <= 10, nameof(options.ProxyHops), options.ProxyHops, "1 to 10");
        Require(options.HstsDays is >= 0 and <= 3650, nameof(options.HstsDays), options.HstsDays, "0 to 3650");
        Require(options.MaxBodyBytes is >= 1024 and <= 100 << 20, nameof(options.MaxBodyBytes), options.MaxBodyBytes, "1 KiB to 100 MiB");
        Require(options.MaxHeaderBytes is >= 4096 and <= 256 << 10, nameof(options.MaxHeaderBytes), options.MaxHeaderBytes, "4 KiB to 256 KiB");
        Require(options.HeadersTimeout >= TimeSpan.FromSeconds(1) && options.HeadersTimeout <= TimeSpan.FromMinutes(5),
            nameof(options.HeadersTimeout), options.HeadersTimeout, "1 s to 5 min");
        Require(options.MinBytesPerSecond is >= 1 and <= 1_000_000,
            nameof(options.MinBytesPerSecond), options.MinBytesPerSecond, "1 to 1,000,000");
        Require(options.AnswerTimeout >= TimeSpan.FromMilliseconds(10) && options.AnswerTimeout <= TimeSpan.FromHours(1),
            nameof(options.AnswerTimeout), options.AnswerTimeout, "10 ms to 1 h");
        Require(options.UploadTimeout >= options.AnswerTimeout && options.UploadTimeout <= TimeSpan.FromDays(1),
            nameof(options.UploadTimeout), options.UploadTimeout,
            $"at least AnswerTimeout ({options.AnswerTimeout:c}) and at most 1 day");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Require<TValue>(bool holds, string property, TValue value, string expected)
        {
            if (!holds)
                errors.Add(string.Create(CultureInfo.InvariantCulture, $"{EdgeOptions.Section}:{property} is {value}, expected {expected}."));
        }
    }
}
