using Mefapex.Api.Accounts;
using Mefapex.Api.Http;
using Mefapex.Api.Keys;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Review.Contradictions;
using Mefapex.Api.Tenants;

namespace Mefapex.Api.Knowledge.Review;

internal static class ReviewExtensions
{
    public static WebApplicationBuilder AddReview(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Labels>();
        builder.Services.AddOptions<ReviewOptions>().BindConfiguration(ReviewOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddScoped<Unanswered>();
        builder.Services.AddScoped<ContradictionFinder>();
        builder.Services.AddScoped<IPublishCheck, AnswerCheck>();
        builder.Services.AddScoped<IPublishCheck, ContradictionCheck>();
        builder.Services.AddScoped<IPublishCheck, PublishGate>();
        builder.Services.AddSingleton<ExpiryTasks>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ExpiryTasks>());
        builder.Services.AddSingleton<QuestionVectorCache>();
        builder.Services.AddScoped<QuestionVectors>();
        builder.Services.AddScoped<LabelSearch>();
        builder.Services.AddScoped<CalibrationFitting>();
        return builder;
    }

    public static void MapReview(this IEndpointRouteBuilder endpoints)
    {
        var review = endpoints.MapGroup("/api/v1/knowledge").WithTags("Knowledge review").Requires(Policies.Knowledge).NeedsDatabase().ForTenant().TakesKeys();
        review.MapLabels();
        review.MapCalibration();

        var editors = endpoints.MapGroup("/api/v1/knowledge").WithTags("Knowledge review").ForEditors();
        editors.MapWhy();
        editors.MapUnanswered();
        editors.MapContradictions();
        editors.MapExpiring();
    }
}
