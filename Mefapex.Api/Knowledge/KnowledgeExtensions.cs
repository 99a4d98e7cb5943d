using Mefapex.Api.Admin;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Entries.Synonyms;
using Mefapex.Api.Knowledge.Entries.Transfer;
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
        builder.Services.AddSingleton<LexemeStatistics>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LexemeStatistics>());
        builder.Services.AddSingleton<CandidateQuery>();
        builder.Services.AddSingleton<PassageCutter>();
        builder.Services.AddSingleton<KnowledgeSearch>();
        builder.Services.AddSingleton<IVectorIndex, ExactVectorIndex>();
        builder.Services.AddSingleton<VectorStore>();
        builder.Services.AddAdapter("vector index", _ => "exact, in this process");
        builder.Services.AddSingleton<IndexSignal>();
        builder.Services.AddAnswers();
        builder.Services.AddScoped<KnowledgeTasks>();
        builder.Services.AddSingleton<KnowledgeIndexer>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KnowledgeIndexer>());
        builder.AddEntries();
        return builder;
    }

    /// <summary>What editors do with knowledge.</summary>
    public static void MapKnowledge(this IEndpointRouteBuilder endpoints)
    {
        var knowledge = endpoints.MapGroup("/api/v1/knowledge").WithTags("Knowledge").ForEditors();
        knowledge.MapEntries();
        knowledge.MapCategories();
        knowledge.MapContact();
        knowledge.MapSynonyms();
        knowledge.MapTransfer();
    }
}
