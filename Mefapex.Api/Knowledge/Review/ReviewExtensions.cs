using Mefapex.Api.Accounts;
using Mefapex.Api.Http;

namespace Mefapex.Api.Knowledge.Review;

internal static class ReviewExtensions
{
    public static WebApplicationBuilder AddReview(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<Labels>();
        return builder;
    }

    public static void MapReview(this IEndpointRouteBuilder endpoints)
    {
        var review = endpoints.MapGroup("/api/v1/knowledge").WithTags("Knowledge review").RequireEditor().NeedsDatabase();
        review.MapLabels();
    }
}
