using Mefapex.Api.Knowledge.Documents;
using Mefapex.Api.Knowledge.Entries;
using Mefapex.Api.Knowledge.Index;
using Mefapex.Api.Knowledge.Tasks;
using Microsoft.EntityFrameworkCore;

namespace Mefapex.Api.Knowledge;

internal static class KnowledgeModel
{
    /// <summary>Maps the knowledge tables.</summary>
    public static void AddKnowledge(this ModelBuilder modelBuilder)
    {
        modelBuilder.HasPostgresExtension("pg_trgm");
        modelBuilder.ApplyConfiguration(new KnowledgeBaseConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeEntryConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeVersionConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeTextConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeQuestionConfiguration());
        modelBuilder.ApplyConfiguration(new SynonymGroupConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeVectorConfiguration());
        modelBuilder.ApplyConfiguration(new DocumentConfiguration());
        modelBuilder.ApplyConfiguration(new DocumentVersionConfiguration());
        modelBuilder.ApplyConfiguration(new DocumentChunkConfiguration());
        modelBuilder.ApplyConfiguration(new ChunkVectorConfiguration());
        modelBuilder.ApplyConfiguration(new KnowledgeTaskConfiguration());
    }
}
