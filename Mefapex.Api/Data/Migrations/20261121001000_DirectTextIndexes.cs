using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>Full-text indexes take changes at once: what waits in a pending list every search would have to go through.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001000_DirectTextIndexes")]
internal sealed class DirectTextIndexes : Migration
{
    private static readonly string[] Indexes =
    [
        "ix_knowledge_texts_folded_search", "ix_knowledge_texts_original_search",
        "ix_document_chunks_folded_search", "ix_document_chunks_original_search",
    ];

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var index in Indexes)
            migrationBuilder.Sql($"alter index {index} set (fastupdate = off); select gin_clean_pending_list('{index}');");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var index in Indexes)
            migrationBuilder.Sql($"alter index {index} reset (fastupdate);");
    }
}
