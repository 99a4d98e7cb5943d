using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Mefapex.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mefapex.Tests.ServiceDefaults;

/// <summary>A service with the defaults of all services, on a free port of the loopback interface.</summary>
internal sealed class LoopbackService : IAsyncDisposable
{
    private LoopbackService(WebApplication app, RecordedLogs logs)
    {
        App = app;
        Logs = logs;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient { BaseAddress = Address };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    /// <summary>A plain client, without discovery and resilience.</summary>
    public HttpClient Client { get; }

    public RecordedLogs Logs { get; }

    public static async Task<LoopbackService> StartAsync(
        Action<WebApplication>? map = null,
        Action<WebApplicationBuilder>? add = null,
        Dictionary<string, string?>? settings = null,
        string environment = "Production",
        int port = 0)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        var logs = new RecordedLogs();
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.AddServiceDefaults();
        add?.Invoke(builder);
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new LoopbackService(app, logs);
    }

    /// <summary>A port on which nothing listens at the moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}

internal sealed record RecordedLog(LogLevel Level, string Category, string Message, Exception? Exception);

internal sealed class RecordedLogs : ILoggerProvider
{
    private readonly ConcurrentQueue<RecordedLog> _entries = new();

    public IReadOnlyList<RecordedLog> Entries => [.. _entries];

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _entries);

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, ConcurrentQueue<RecordedLog> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new RecordedLog(logLevel, category, formatter(state, exception), exception));
    }
}

/// <summary>Real time, moved forward by hand; timers keep running in real time.</summary>
internal sealed class MovableTime : TimeProvider
{
    private long _offset;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
}
