using Mefapex.Api.Admin;
using Mefapex.Contracts;

namespace Mefapex.Api.Ai;

internal static class AiExtensions
{
    public static WebApplicationBuilder AddAi(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(AiOptions.Section);
        builder.Services.AddOptions<AiOptions>().Bind(section);
        builder.Services.AddSingleton<AiAvailability>();
        builder.Services.AddSingleton<TokenCounts>();
        builder.Services.AddSingleton<ForcedFallbacks>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ForcedFallbacks>());
        builder.Services.AddHealthChecks().AddCheck<AiServiceHealth>(AiServiceHealth.Name);
        builder.Services.AddSingleton<LocalEncoder>();
        builder.Services.AddTransient<QuestionEncoder>();
        builder.Services.AddHttpClient<AiClient>(http => http.BaseAddress = new($"http://{ResourceNames.Ai}"));
        var enabled = section.GetValue(nameof(AiOptions.Enabled), defaultValue: true);
        if (enabled)
            builder.Services.AddHostedService<AiProbe>();
        builder.Services.AddAdapter("AI service", services => enabled
            ? $"over HTTP at {Addresses(services.GetRequiredService<IConfiguration>())}"
            : $"none, switched off by {AiOptions.Section}:{nameof(AiOptions.Enabled)}");
        return builder;
    }

    private static string Addresses(IConfiguration configuration)
    {
        var replicas = configuration.GetSection($"services:{ResourceNames.Ai}:http").GetChildren().Select(replica => replica.Value);
        return string.Join(", ", replicas.DefaultIfEmpty($"http://{ResourceNames.Ai}"));
    }
}
