using Mefapex.Api.Admin;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Api.Knowledge.Tasks;

namespace Mefapex.Api.Knowledge;

internal static class KnowledgeExtensions
{
    public static WebApplicationBuilder AddKnowledge(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KnowledgeChanges>();
        builder.Services.AddHostedService<KnowledgeListener>();
        builder.Services.AddSingleton<SnapshotStore>();
        builder.Services.AddSingleton<CandidateQuery>();
        builder.Services.AddSingleton<KnowledgeSearch>();
        builder.Services.AddSingleton<IVectorIndex, ExactVectorIndex>();
        builder.Services.AddAdapter("vector index", _ => "exact, in this process");
        builder.Services.AddSingleton<IndexSignal>();
        builder.Services.AddAnswers();
        builder.Services.AddScoped<KnowledgeTasks>();
        builder.Services.AddSingleton<KnowledgeIndexer>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KnowledgeIndexer>());
        return builder;
    }
}
