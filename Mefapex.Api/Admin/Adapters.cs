namespace Mefapex.Api.Admin;

/// <summary>What stands behind a port in this process, as chosen from configuration.</summary>
/// <param name="Port">The job in our words: <c>database</c>, <c>vector index</c>.</param>
/// <param name="Choice">Who does it and where; never a secret.</param>
internal sealed record Adapter(string Port, string Choice);

/// <summary>Says at the start which adapter runs behind each port.</summary>
internal sealed partial class AdapterReport(IEnumerable<Adapter> adapters, ILogger<AdapterReport> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (port, choice) in adapters)
            LogAdapter(port, choice);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Adapter of {Port}: {Adapter}")]
    private partial void LogAdapter(string port, string adapter);
}

internal static class AdapterExtensions
{
    public static IServiceCollection AddAdapter(this IServiceCollection services, string port, Func<IServiceProvider, string> choice) =>
        services.AddSingleton(provider => new Adapter(port, choice(provider)));
}
