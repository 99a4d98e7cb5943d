using Mefapex.Api.Shared;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Answers;

internal static class AnswerExtensions
{
    public static IServiceCollection AddAnswers(this IServiceCollection services)
    {
        services.AddOptions<AnswerOptions>().BindConfiguration(AnswerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<AnswerCacheOptions>().BindConfiguration(AnswerCacheOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<CurrentKnowledge>();
        services.AddSingleton<Smalltalk>();
        services.AddSingleton(_ => CalibrationFile.Load());
        services.AddSingleton<WarningSigns>();
        services.AddSingleton(_ => PassageWeightsFile.Load());
        services.AddSingleton<QuestionTraffic>();
        services.AddSingleton<PassageScorer>();
        services.AddSingleton<Calibrations>();
        services.AddSingleton<Decider>();
        services.AddSingleton<AnswerMetrics>();
        services.AddSingleton(provider => new SharedAnswers(
            provider.GetRequiredService<ISharedCache>(),
            provider.GetRequiredService<RedisConnection>().IsConfigured,
            provider.GetRequiredService<IOptions<AnswerOptions>>()));
        services.AddSingleton<AnswerCache>();
        services.AddSingleton<AnswerClearing>();
        services.AddHostedService(provider => provider.GetRequiredService<AnswerClearing>());
        services.AddHealthChecks().AddCheck<CacheHealth>(CacheHealth.Name);
        services.AddScoped<QuestionSearch>();
        services.AddScoped<Composer>();
        services.AddScoped<AnswerService>();
        return services;
    }
}
