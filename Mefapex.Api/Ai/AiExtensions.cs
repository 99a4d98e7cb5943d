using Mefapex.Contracts;

namespace Mefapex.Api.Ai;

internal static class AiExtensions
{
    public static WebApplicationBuilder AddAi(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection(AiOptions.Section);
        builder.Services.AddOptions<AiOptions>().Bind(section);
        builder.Services.AddSingleton<AiAvailability>();
        builder.Services.AddHttpClient<AiClient>(http => http.BaseAddress = new($"http://{ResourceNames.Ai}"));
        if (section.Get<AiOptions>() is not { Enabled: false })
            builder.Services.AddHostedService<AiProbe>();
        return builder;
    }
}
