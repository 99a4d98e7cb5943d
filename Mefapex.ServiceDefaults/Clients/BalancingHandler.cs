using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Sends a request for a service name to one of its endpoints, in turn, and passes over those that lately failed.
/// </summary>
internal sealed class BalancingHandler(ServiceEndpointResolver resolver, EndpointBalancer balancer) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var address = request.RequestUri ?? throw new InvalidOperationException("A request needs an address.");
        var service = address.GetLeftPart(UriPartial.Authority);
        var source = await resolver.GetEndpointsAsync(service, cancellationToken);
        var call = ServiceCall.Of(request);
        call.Endpoints = source.Endpoints;
        call.Endpoint = balancer.Next(service, source.Endpoints);
        if (call.Endpoint is not { } endpoint)
            return await base.SendAsync(request, cancellationToken);

        request.RequestUri = Combine(address, endpoint);
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            balancer.Answered(endpoint);
            return response;
        }
        catch (HttpRequestException failure)
        {
            balancer.Failed(endpoint);
            throw Named(failure);
        }
        catch (OperationCanceledException canceled)
            when (canceled.InnerException is TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            balancer.Failed(endpoint);
            throw new HttpRequestException(
                HttpRequestError.ConnectionError, $"No connection to {endpoint} in time.", canceled);
        }
        finally
        {
            request.RequestUri = address;
        }

        HttpRequestException Named(HttpRequestException failure) => new(
            failure.HttpRequestError, $"{service} at {endpoint}: {failure.Message}", failure, failure.StatusCode);
    }

    private static Uri Combine(Uri address, EndPoint endpoint) => endpoint switch
    {
        UriEndPoint { Uri: var uri } => new UriBuilder(address)
        {
            Scheme = uri.Scheme,
            Host = uri.Host,
            Port = uri.Port,
            Path = uri.AbsolutePath.TrimEnd('/') + address.AbsolutePath,
        }.Uri,
        DnsEndPoint dns => Combine(address, dns.Host, dns.Port),
        IPEndPoint ip => Combine(address, ip.Address.ToString(), ip.Port),
        _ => throw new NotSupportedException($"Endpoints of type {endpoint.GetType().Name} are not supported."),
    };

    private static Uri Combine(Uri address, string host, int port) =>
        new UriBuilder(address) { Host = host, Port = port > 0 ? port : address.Port }.Uri;
}

/// <summary>Takes the endpoints of a service in turn and remembers which ones failed, for all clients of the process.</summary>
internal sealed class EndpointBalancer(IOptions<ServiceClientOptions> options, TimeProvider time)
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
        if (endpoint is not null)
            _coolingUntil[endpoint.ToString()!] = time.GetUtcNow() + options.Value.Cooling;
    }

    public void Answered(EndPoint endpoint) => _coolingUntil.TryRemove(endpoint.ToString()!, out _);

    private DateTimeOffset CoolingUntil(EndPoint endpoint) => _coolingUntil.GetValueOrDefault(endpoint.ToString()!);

    private sealed class Turn
    {
        private uint _next = uint.MaxValue;

        public uint Next() => Interlocked.Increment(ref _next);
    }
}

internal static class HttpRequestExceptions
{
    /// <summary>Whether the request cannot have reached a server: no connection came about.</summary>
    public static bool NeverArrived(this HttpRequestException failure) => failure.HttpRequestError
        is HttpRequestError.ConnectionError
        or HttpRequestError.NameResolutionError
        or HttpRequestError.SecureConnectionError
        or HttpRequestError.ProxyTunnelError;
}
