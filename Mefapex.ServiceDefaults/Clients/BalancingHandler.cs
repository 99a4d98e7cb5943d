using System.Net;
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

internal static class HttpRequestExceptions
{
    /// <summary>Whether the request cannot have reached a server: no connection came about.</summary>
    public static bool NeverArrived(this HttpRequestException failure) => failure.HttpRequestError
        is HttpRequestError.ConnectionError
        or HttpRequestError.NameResolutionError
        or HttpRequestError.SecureConnectionError
        or HttpRequestError.ProxyTunnelError;
}
