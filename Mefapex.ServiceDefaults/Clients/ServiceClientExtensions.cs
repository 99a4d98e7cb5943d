using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Mefapex.ServiceDefaults;

/// <summary>Discovery and resilience of the clients that <see cref="IHttpClientFactory"/> makes.</summary>
public static class ServiceClientExtensions
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Changes the timeouts, or says that asking twice does no harm, for this client alone:
    /// <c>AddHttpClient&lt;AiClient&gt;(…).ConfigureServiceClient(o => o.Idempotent = true)</c>.
    /// </summary>
    public static IHttpClientBuilder ConfigureServiceClient(
        this IHttpClientBuilder client, Action<ServiceClientOptions> configure)
    {
        client.Services.AddOptions<ServiceClientOptions>(client.Name).Configure(configure).ValidateOnStart();
        return client;
    }

    /// <summary>
    /// From the outside in: what a client asked for and readable failures; total timeout, retry, circuit breaker and
    /// attempt timeout; the choice of an endpoint, made anew for each attempt; the check that it may be called.
    /// </summary>
    internal static void AddServiceClients(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        var section = builder.Configuration.GetSection(ServiceClientOptions.Section);
        services.ConfigureAll<ServiceClientOptions>(options => section.Bind(options));
        services.AddOptions<ServiceClientOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServiceClientOptions>, ServiceClientOptionsValidator>();
        services.AddServiceDiscovery();
        services.AddSingleton<EndpointBalancer>();
        services.AddSingleton<CircuitStates>();
        services.AddTransient<BalancingHandler>();
        services.AddOptions<OutgoingOptions>().BindConfiguration(OutgoingOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OutgoingOptions>, OutgoingOptionsValidator>();
        services.AddSingleton<OutgoingRules>();
        services.AddTransient<OutgoingGuard>();
        services.ConfigureAll<HttpClientFactoryOptions>(factory => factory.HttpMessageHandlerBuilderActions.Add(chain =>
            chain.AdditionalHandlers.Insert(0, new ServiceClientHandler(
                chain.Services.GetRequiredService<IOptionsMonitor<ServiceClientOptions>>().Get(chain.Name)))));
        services.ConfigureHttpClientDefaults(client =>
        {
            client.UseSocketsHttpHandler((handler, _) =>
            {
                handler.ConnectTimeout = ConnectTimeout;
                handler.ConnectCallback = OutgoingRules.ConnectAsync;

                // Either would let somebody else choose where a call goes.
                handler.AllowAutoRedirect = false;
                handler.UseProxy = false;
            });
            client.AddStandardResilienceHandler().Configure(Configure).SelectPipelineByAuthority();
            client.AddHttpMessageHandler<BalancingHandler>();
            client.AddHttpMessageHandler<OutgoingGuard>();
        });
    }

    // The breaker is about the service: an attempt counts against it only where no other endpoint is left to try.
    private static void Configure(HttpStandardResilienceOptions pipeline, IServiceProvider services)
    {
        var defaults = services.GetRequiredService<IOptions<ServiceClientOptions>>().Value;
        var balancer = services.GetRequiredService<EndpointBalancer>();
        var circuits = services.GetRequiredService<CircuitStates>();

        pipeline.TotalRequestTimeout.Timeout = defaults.TotalTimeout;
        pipeline.TotalRequestTimeout.TimeoutGenerator = args => ValueTask.FromResult(CallOf(args.Context).Options.TotalTimeout);

        pipeline.Retry.MaxRetryAttempts = defaults.Retries;
        pipeline.Retry.BackoffType = DelayBackoffType.Constant;
        pipeline.Retry.Delay = defaults.RetryDelay;
        pipeline.Retry.DelayGenerator = null;
        pipeline.Retry.ShouldHandle = args =>
            ValueTask.FromResult(IsWorthRetrying(args.Outcome, args.Context.GetRequestMessage(), CallOf(args.Context)));

        pipeline.CircuitBreaker.FailureRatio = defaults.BreakAtFailureRatio;
        pipeline.CircuitBreaker.MinimumThroughput = defaults.BreakAtCalls;
        pipeline.CircuitBreaker.SamplingDuration = defaults.BreakWindow;
        pipeline.CircuitBreaker.BreakDuration = defaults.BreakDuration;
        pipeline.CircuitBreaker.ShouldHandle = args => ValueTask.FromResult(
            args.Outcome.Exception is HttpRequestException or TimeoutRejectedException
            && !balancer.AnyReady(CallOf(args.Context).Endpoints));
        pipeline.CircuitBreaker.OnOpened = args =>
        {
            circuits.Opened(ServiceOf(args.Context), args.Outcome.Exception);
            return default;
        };
        pipeline.CircuitBreaker.OnHalfOpened = args =>
        {
            circuits.HalfOpened(ServiceOf(args.Context));
            return default;
        };
        pipeline.CircuitBreaker.OnClosed = args =>
        {
            circuits.Closed(ServiceOf(args.Context));
            return default;
        };

        pipeline.AttemptTimeout.Timeout = defaults.AttemptTimeout;
        pipeline.AttemptTimeout.TimeoutGenerator = args => ValueTask.FromResult(CallOf(args.Context).Options.AttemptTimeout);
        pipeline.AttemptTimeout.OnTimeout = args =>
        {
            balancer.Failed(CallOf(args.Context).Endpoint);
            return default;
        };
    }

    private static bool IsWorthRetrying(Outcome<HttpResponseMessage> outcome, HttpRequestMessage? request, ServiceCall call)
    {
        var repeatable = call.Options.Idempotent || IsIdempotent(request?.Method);
        return outcome switch
        {
            { Exception: HttpRequestException failure } => failure.NeverArrived() || repeatable,
            { Exception: TimeoutRejectedException } => repeatable,
            { Result.StatusCode: >= HttpStatusCode.InternalServerError } => call.Options.Idempotent,
            _ => false,
        };
    }

    private static bool IsIdempotent(HttpMethod? method) =>
        method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put
        || method == HttpMethod.Delete || method == HttpMethod.Options;

    private static string? ServiceOf(ResilienceContext context) => context.GetRequestMessage()?.RequestUri?.Authority;

    private static ServiceCall CallOf(ResilienceContext context) => ServiceCall.Of(context.GetRequestMessage()!);
}
