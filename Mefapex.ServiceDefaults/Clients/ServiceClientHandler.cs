using System.Net;
using Microsoft.Extensions.ServiceDiscovery;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Mefapex.ServiceDefaults;

/// <summary>What the handlers of one call tell each other.</summary>
internal sealed class ServiceCall(ServiceClientOptions options)
{
    private static readonly HttpRequestOptionsKey<ServiceCall> Key = new("Mefapex.ServiceCall");

    public ServiceClientOptions Options { get; } = options;

    /// <summary>The endpoint of the attempt under way.</summary>
    public EndPoint? Endpoint { get; set; }

    /// <summary>All endpoints that the attempt under way could have taken.</summary>
    public IReadOnlyList<ServiceEndpoint> Endpoints { get; set; } = [];

    public static ServiceCall Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var call)
        ? call
        : throw new InvalidOperationException("The request did not pass through ServiceClientHandler.");

    public void AttachTo(HttpRequestMessage request) => request.Options.Set(Key, this);
}

/// <summary>
/// The outermost handler: carries the client's options and the caller's correlation id, and turns what the resilience
/// pipeline throws into <see cref="HttpRequestException"/>, so that callers catch one type.
/// </summary>
internal sealed class ServiceClientHandler(ServiceClientOptions options) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        new ServiceCall(options).AttachTo(request);
        if (Correlation.FromCaller is { } id && !request.Headers.Contains(Correlation.Header))
            request.Headers.Add(Correlation.Header, id);

        var service = request.RequestUri?.Authority;
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (TimeoutRejectedException exception)
        {
            throw new HttpRequestException(
                HttpRequestError.Unknown, $"'{service}' did not answer within {exception.Timeout:c}.", exception);
        }
        catch (BrokenCircuitException exception)
        {
            throw new HttpRequestException(
                HttpRequestError.ConnectionError, $"'{service}' failed too often and is left alone for a while.", exception);
        }
        catch (ExecutionRejectedException exception)
        {
            throw new HttpRequestException(
                HttpRequestError.Unknown, $"Too many calls to '{service}' are under way.", exception);
        }
    }
}
