using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace Mefapex.ServiceDefaults;

/// <summary>
/// Categories of the framework that repeat what callers send, such as tokens and names in addresses. They stay silent below
/// a level, whatever the configuration says.
/// </summary>
internal static class TellTales
{
    private static readonly FrozenDictionary<string, LogLevel> Least = new Dictionary<string, LogLevel>(StringComparer.Ordinal)
    {
        // Each request with its query.
        ["Microsoft.AspNetCore.Hosting.Diagnostics"] = LogLevel.Warning,

        // Request lines and headers that are no HTTP.
        ["Microsoft.AspNetCore.Server.Kestrel"] = LogLevel.Warning,
        ["Microsoft.AspNetCore.Server.Kestrel.BadRequests"] = LogLevel.Warning,

        // Values that do not fit a parameter.
        ["Microsoft.AspNetCore.Http.RequestDelegateFactory"] = LogLevel.Warning,
        ["Microsoft.AspNetCore.Http.RequestDelegateGenerator.LogOrThrowExceptionHelper"] = LogLevel.Warning,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static void Silence(LoggerFilterOptions options)
    {
        // For what no other rule is about; the last of equal rules counts, so this is the first.
        options.Rules.Insert(0, new LoggerFilterRule(null, null, options.MinLevel, null));
        for (var i = 0; i < options.Rules.Count; i++)
        {
            var rule = options.Rules[i];
            options.Rules[i] = new LoggerFilterRule(rule.ProviderName, rule.CategoryName, rule.LogLevel, (provider, category, level) =>
                IsSilent(category, level) is false && (rule.Filter?.Invoke(provider, category, level) ?? true));
        }
    }

    private static bool IsSilent(string? category, LogLevel level) =>
        category is not null && Least.TryGetValue(category, out var least) && level < least;
}
