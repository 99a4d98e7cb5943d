using System.Globalization;

namespace Mefapex.AppHost.Settings;

/// <summary>A port of the topology and the variable that moves it.</summary>
internal sealed record HostPort(string Purpose, string Variable, int Default)
{
    public static readonly HostPort Web = new("the web UI", "MEFAPEX_WEB_PORT", 5173);
    public static readonly HostPort Api = new("the API", "MEFAPEX_API_PORT", 8000);
    public static readonly HostPort Ai = new("the AI service", "MEFAPEX_AI_PORT", 8001);
    public static readonly HostPort Postgres = new("PostgreSQL", "MEFAPEX_POSTGRES_PORT", 5433);
    public static readonly HostPort Dashboard = new("the dashboard", "MEFAPEX_DASHBOARD_PORT", 18888);
    public static readonly HostPort Otlp = new("telemetry over gRPC", "MEFAPEX_OTLP_PORT", 4317);
    public static readonly HostPort OtlpHttp = new("telemetry over HTTP", "MEFAPEX_OTLP_HTTP_PORT", 4318);

    public static readonly IReadOnlyList<HostPort> All = [Web, Api, Ai, Postgres, Dashboard, Otlp, OtlpHttp];

    /// <summary>The number in force, given the environment.</summary>
    public int Read(Func<string, string?> variable)
    {
        var text = variable(Variable);
        if (string.IsNullOrWhiteSpace(text))
            return Default;
        return int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
            ? number
            : throw new HostException($"{Variable}={text} is not a port.", "Give a number from 1 to 65535.");
    }
}
