using System.Net;
using System.Net.Sockets;
using Mefapex.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using IPNetwork = System.Net.IPNetwork;

namespace Mefapex.ServiceDefaults;

/// <summary>Where the clients of <see cref="IHttpClientFactory"/> may call: section <c>Outgoing</c>.</summary>
public sealed class OutgoingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Outgoing";

    /// <summary>
    /// Hosts beside the configured services, with commas between them: <c>hooks.example, *.partner.example</c>. None by
    /// default.
    /// </summary>
    public string AllowedHosts { get; set; } = "";
}

internal sealed class OutgoingOptionsValidator : IValidateOptions<OutgoingOptions>
{
    public ValidateOptionsResult Validate(string? name, OutgoingOptions options)
    {
        var wrong = EdgeOptions.Split(options.AllowedHosts).Where(host => host == "*" || !EdgeOptions.IsHost(host)).ToList();
        return wrong.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{OutgoingOptions.Section}:{nameof(options.AllowedHosts)} names {string.Join(" and ", wrong)}, expected host names "
                + "without scheme, port and path, such as hooks.example or *.partner.example.");
    }
}

/// <summary>A call to a host that is not configured.</summary>
internal sealed class OutgoingRefusedException(Uri address) : InvalidOperationException(
    $"A call to {address.Authority} was refused: it is none of the configured services, and "
    + $"{OutgoingOptions.Section}:{nameof(OutgoingOptions.AllowedHosts)} does not name it.");

/// <summary>
/// What may be called: the addresses under <c>services</c> and the hosts that are allowed by name; and never, whatever
/// a name resolves to, an address of the machine's own link, where cloud platforms hand out their credentials.
/// </summary>
internal sealed class OutgoingRules : IDisposable
{
    private static readonly IPNetwork[] Forbidden =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("192.0.0.192/32"),
        IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/128"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fd00:ec2::254/128"),
        IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>Services without configured addresses are looked for under their names, as in a network of containers.</summary>
    private static readonly string[] Own = [ResourceNames.Ai, ResourceNames.Api, ResourceNames.Web];

    private readonly IConfiguration _configuration;
    private readonly StringSegment[] _hosts;
    private readonly IDisposable _reload;
    private volatile HashSet<string>? _services;

    public OutgoingRules(IConfiguration configuration, IOptions<OutgoingOptions> options)
    {
        _configuration = configuration;
        _hosts = [.. EdgeOptions.Split(options.Value.AllowedHosts).Select(host => new StringSegment(host))];
        _reload = ChangeToken.OnChange(configuration.GetReloadToken, () => _services = null);
    }

    public static bool IsForbidden(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Forbidden.Any(network => network.Contains(plain));
    }

    public bool Allows(Uri address) =>
        (_services ??= Read()).Contains($"{address.Host}:{address.Port}")
        || Own.Contains(address.Host, StringComparer.OrdinalIgnoreCase)
        || (_hosts.Length > 0 && HostString.MatchesAny(address.Host, _hosts));

    /// <summary>Connects to what the name means now, so that nothing else can stand behind it a moment later.</summary>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = IPAddress.TryParse(host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);
        if (addresses.FirstOrDefault(IsForbidden) is { } forbidden)
            throw new IOException($"{host} means {forbidden}, an address that is never called: link-local, metadata or multicast.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _reload.Dispose();

    private HashSet<string> Read()
    {
        var services = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in _configuration.GetSection("services").AsEnumerable(makePathsRelative: true))
        {
            if (string.IsNullOrWhiteSpace(value) || key.Split(':') is not [_, var scheme, ..])
                continue;
            var text = value.Contains("://", StringComparison.Ordinal) ? value : $"{scheme}://{value}";
            if (Uri.TryCreate(text, UriKind.Absolute, out var address))
                services.Add($"{address.Host}:{address.Port}");
        }

        return services;
    }
}

/// <summary>The last handler before the network, so that it sees where every attempt really goes.</summary>
internal sealed class OutgoingGuard(OutgoingRules rules) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.RequestUri is { } address && !rules.Allows(address)
            ? throw new OutgoingRefusedException(address)
            : base.SendAsync(request, cancellationToken);
}
