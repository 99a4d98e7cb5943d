using System.Collections.Concurrent;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Polly
{
    internal static class HttpResilienceContextExtensions
    {
        internal static readonly ResiliencePropertyKey<HttpRequestMessage> Request = new("Mefapex.Request");

        public static HttpRequestMessage? GetRequestMessage(this ResilienceContext context) =>
            context.Properties.GetValue(Request, null!);
    }
}

namespace Microsoft.Extensions.Http.Resilience
{
    internal sealed class HttpStandardResilienceOptions
    {
        public TimeoutStrategyOptions TotalRequestTimeout { get; } = new();

        public RetryStrategyOptions<HttpResponseMessage> Retry { get; } = new();

        public CircuitBreakerStrategyOptions<HttpResponseMessage> CircuitBreaker { get; } = new();

        public TimeoutStrategyOptions AttemptTimeout { get; } = new();
    }

    /// <summary>One pipeline for each service, so that a broken one does not stop calls to the others.</summary>
    internal sealed class ResiliencePipelines(IServiceProvider services, Action<HttpStandardResilienceOptions, IServiceProvider> configure)
    {
        private readonly ConcurrentDictionary<string, Lazy<ResiliencePipeline<HttpResponseMessage>>> _pipelines = new(StringComparer.OrdinalIgnoreCase);

        public ResiliencePipeline<HttpResponseMessage> For(HttpRequestMessage request) =>
            _pipelines.GetOrAdd(request.RequestUri?.Authority ?? "", _ => new(Build)).Value;

        private ResiliencePipeline<HttpResponseMessage> Build()
        {
            var options = new HttpStandardResilienceOptions();
            configure(options, services);
            return new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = services.GetService(typeof(TimeProvider)) as TimeProvider }
                .AddTimeout(options.TotalRequestTimeout)
                .AddRetry(options.Retry)
                .AddCircuitBreaker(options.CircuitBreaker)
                .AddTimeout(options.AttemptTimeout)
                .Build();
        }
    }

    internal sealed class ResilienceHandler(ResiliencePipelines pipelines) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var context = ResilienceContextPool.Shared.Get(cancellationToken);
            context.Properties.Set(HttpResilienceContextExtensions.Request, request);
            try
            {
                return await pipelines.For(request).ExecuteAsync(
                    static async (context, call) => await call.Handler.ForwardAsync(call.Request, context.CancellationToken),
                    context,
                    (Handler: this, Request: request));
            }
            finally
            {
                ResilienceContextPool.Shared.Return(context);
            }
        }

        private Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            base.SendAsync(request, cancellationToken);
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    internal sealed class HttpStandardResiliencePipelineBuilder(IHttpClientBuilder client)
    {
        public HttpStandardResiliencePipelineBuilder Configure(Action<HttpStandardResilienceOptions, IServiceProvider> configure)
        {
            client.Services.AddSingleton(services => new ResiliencePipelines(services, configure));
            return this;
        }

        /// <summary>Says what these pipelines do in any case.</summary>
        public HttpStandardResiliencePipelineBuilder SelectPipelineByAuthority() => this;
    }

    internal static class ResilienceHttpClientBuilderExtensions
    {
        /// <summary>Without the limit of concurrent calls that the official handler has besides.</summary>
        public static HttpStandardResiliencePipelineBuilder AddStandardResilienceHandler(this IHttpClientBuilder client)
        {
            client.AddHttpMessageHandler(services => new ResilienceHandler(services.GetRequiredService<ResiliencePipelines>()));
            client.ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan);
            return new HttpStandardResiliencePipelineBuilder(client);
        }
    }
}
