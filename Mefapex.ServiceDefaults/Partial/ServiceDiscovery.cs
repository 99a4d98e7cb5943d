using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.ServiceDiscovery;

namespace Microsoft.Extensions.ServiceDiscovery
{
    internal sealed class UriEndPoint(Uri uri) : EndPoint
    {
        public Uri Uri { get; } = uri;

        public override string ToString() => Uri.ToString();
    }

    internal sealed record ServiceEndpoint(EndPoint EndPoint);

    internal sealed record ServiceEndpointSource(IReadOnlyList<ServiceEndpoint> Endpoints);

    /// <summary>
    /// Looks <c>http://name</c> up as <c>services:name:http:0..n</c>; of several schemes (<c>https+http://name</c>) the
    /// first that has endpoints counts. A name that is not configured stays as it is.
    /// </summary>
    internal sealed class ServiceEndpointResolver : IDisposable
    {
        private readonly IConfiguration _configuration;
        private readonly ConcurrentDictionary<string, ServiceEndpointSource> _known = new(StringComparer.OrdinalIgnoreCase);
        private readonly IDisposable _reload;

        public ServiceEndpointResolver(IConfiguration configuration)
        {
            _configuration = configuration;
            _reload = ChangeToken.OnChange(configuration.GetReloadToken, _known.Clear);
        }

        public ValueTask<ServiceEndpointSource> GetEndpointsAsync(string serviceName, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(_known.GetOrAdd(serviceName, Resolve));
        }

        public void Dispose() => _reload.Dispose();

        private ServiceEndpointSource Resolve(string serviceName)
        {
            var uri = new Uri(serviceName);
            foreach (var scheme in uri.Scheme.Split('+'))
            {
                var section = _configuration.GetSection($"services:{uri.Host}:{scheme}");
                var configured = section.GetChildren().Prepend(section)
                    .Where(entry => !string.IsNullOrWhiteSpace(entry.Value))
                    .Select(entry => new ServiceEndpoint(new UriEndPoint(Parse(entry, scheme))))
                    .ToArray();
                if (configured.Length > 0)
                    return new ServiceEndpointSource(configured);
            }

            return new ServiceEndpointSource([new ServiceEndpoint(new DnsEndPoint(uri.Host, Math.Max(uri.Port, 0)))]);
        }

        private static Uri Parse(IConfigurationSection entry, string scheme)
        {
            var value = entry.Value!.Contains("://", StringComparison.Ordinal) ? entry.Value : $"{scheme}://{entry.Value}";
            return Uri.TryCreate(value, UriKind.Absolute, out var address)
                ? address
                : throw new InvalidOperationException($"{entry.Path} is '{entry.Value}', expected an address such as {scheme}://host:port.");
        }
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    internal static class ServiceDiscoveryServiceCollectionExtensions
    {
        public static IServiceCollection AddServiceDiscovery(this IServiceCollection services)
        {
            services.TryAddSingleton<ServiceEndpointResolver>();
            return services;
        }
    }
}
