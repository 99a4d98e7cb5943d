using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mefapex.Tests.ServiceDefaults;

public sealed partial class JsonLogTests
{
    [Fact]
    public async Task A_line_is_one_object_with_everything_needed_to_find_its_request()
    {
        using var activity = new Activity("request").Start();
        var scopes = new LoggerExternalScopeProvider();
        using var scope = scopes.Push(new KeyValuePair<string, object?>[] { new("CorrelationId", "case-4") });

        var line = await WriteAsync(scopes, log => LogDays(log, "Ayşe", 14, new InvalidOperationException("no\nluck")));

        line.TrimEnd('\n').ShouldNotContain('\n');
        line.ShouldContain("Çalışan");
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        root.GetProperty("timestamp").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);
        root.GetProperty("level").GetString().ShouldBe("warn");
        root.GetProperty("category").GetString().ShouldBe("Mefapex.Shift");
        root.GetProperty("message").GetString().ShouldBe("Çalışan Ayşe has 14 days\nleft");
        root.GetProperty("trace_id").GetString().ShouldBe(activity.TraceId.ToHexString());
        root.GetProperty("span_id").GetString().ShouldBe(activity.SpanId.ToHexString());
        root.GetProperty("correlation_id").GetString().ShouldBe("case-4");
        root.GetProperty("properties").GetProperty("Days").GetInt32().ShouldBe(14);
        root.GetProperty("exception").GetString()!.ShouldContain("no\nluck");
    }

    [Fact]
    public async Task What_is_empty_is_left_out()
    {
        var line = await WriteAsync(scopes: null, LogStarted);

        using var json = JsonDocument.Parse(line);
        json.RootElement.EnumerateObject().Select(property => property.Name)
            .ShouldBe(["timestamp", "level", "category", "event", "message"]);
    }

    [Fact]
    public async Task The_console_writes_json_lines_unless_configured_otherwise()
    {
        await using var byDefault = await LoopbackService.StartAsync(
            add: builder => builder.Logging.AddConsole(),
            settings: new(StringComparer.Ordinal) { ["Logging:LogLevel:Default"] = "None" });
        await using var configured = await LoopbackService.StartAsync(
            add: builder => builder.Logging.AddConsole(),
            settings: new(StringComparer.Ordinal)
            {
                ["Logging:LogLevel:Default"] = "None",
                ["Logging:Console:FormatterName"] = "simple",
            });

        FormatterOf(byDefault).ShouldBe("json-lines");
        FormatterOf(configured).ShouldBe("simple");
    }

    private static string? FormatterOf(LoopbackService service) =>
        service.App.Services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName;

    [LoggerMessage(EventName = "Days", Level = LogLevel.Warning, Message = "Çalışan {Name} has {Days} days\nleft")]
    private static partial void LogDays(ILogger logger, string name, int days, Exception exception);

    [LoggerMessage(EventName = "Started", Level = LogLevel.Information, Message = "Started")]
    private static partial void LogStarted(ILogger logger);

    private static async Task<string> WriteAsync(IExternalScopeProvider? scopes, Action<ILogger> write)
    {
        await using var service = await LoopbackService.StartAsync();
        var formatter = service.App.Services.GetServices<ConsoleFormatter>().Single(candidate => candidate.Name == "json-lines");
        using var output = new StringWriter();
        write(new FormattingLogger(formatter, scopes, output));
        return output.ToString();
    }

    private sealed class FormattingLogger(ConsoleFormatter target, IExternalScopeProvider? scopes, TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            target.Write(new LogEntry<TState>(logLevel, "Mefapex.Shift", eventId, state, exception, formatter), scopes, output);
    }
}
