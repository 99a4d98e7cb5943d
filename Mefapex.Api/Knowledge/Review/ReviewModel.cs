using Mefapex.Api.Knowledge.Answers;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge.Review;

internal static class ReviewModel
{
    public static void AddReview(this ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfiguration(new KnowledgeLabelConfiguration());
        modelBuilder.ApplyConfiguration(new TenantCalibrationConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeGapConfiguration());
    }
}
