using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;

namespace Mefapex.ServiceDefaults;

/// <summary>Takes the endpoints of a service in turn and remembers which ones failed, for all clients of the process.</summary>
internal sealed partial class EndpointBalancer(
    IOptions<ServiceClientOptions> options, TimeProvider time, ILogger<EndpointBalancer> logger)
{
    private readonly ConcurrentDictionary<string, Turn> _turns = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _coolingUntil = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The next endpoint that is not cooling; where all are, the one whose time is up first, so that a service that
    /// came back is found at once. Null where the name has none.
    /// </summary>
    public EndPoint? Next(string service, IReadOnlyList<ServiceEndpoint> endpoints)
    {
        if (endpoints.Count <= 1)
            return endpoints.Count == 0 ? null : endpoints[0].EndPoint;

        var now = time.GetUtcNow();
        var start = _turns.GetOrAdd(service, _ => new Turn()).Next();
        EndPoint? soonest = null;
        var soonestAt = DateTimeOffset.MaxValue;
        for (var i = 0; i < endpoints.Count; i++)
        {
            var endpoint = endpoints[(int)((start + (uint)i) % (uint)endpoints.Count)].EndPoint;
            var until = CoolingUntil(endpoint);
            if (until <= now)
                return endpoint;
            if (until < soonestAt)
                (soonest, soonestAt) = (endpoint, until);
        }

        return soonest;
    }

    public bool AnyReady(IReadOnlyList<ServiceEndpoint> endpoints)
    {
        var now = time.GetUtcNow();
        return endpoints.Any(endpoint => CoolingUntil(endpoint.EndPoint) <= now);
    }

    public void Failed(EndPoint? endpoint)
    {
        if (endpoint?.ToString() is not { } address)
            return;

        var until = time.GetUtcNow() + options.Value.Cooling;
        if (_coolingUntil.TryAdd(address, until))
            LogFailed(logger, address);
        else
            _coolingUntil[address] = until;
    }

    public void Answered(EndPoint endpoint)
    {
        var address = endpoint.ToString()!;
        if (_coolingUntil.TryRemove(address, out _))
            LogBack(logger, address);
    }

    private DateTimeOffset CoolingUntil(EndPoint endpoint) => _coolingUntil.GetValueOrDefault(endpoint.ToString()!);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Endpoint} does not answer and is passed over for a while")]
    private static partial void LogFailed(ILogger logger, string endpoint);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Endpoint} answers again")]
    private static partial void LogBack(ILogger logger, string endpoint);

    private sealed class Turn
    {
        private uint _next = uint.MaxValue;

        public uint Next() => Interlocked.Increment(ref _next);
    }
}
