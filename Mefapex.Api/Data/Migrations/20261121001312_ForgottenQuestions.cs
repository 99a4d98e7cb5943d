using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Mefapex.Api.Data.Migrations;

/// <summary>A task loses the question that opened it together with the exchange: without that nobody could tell whose it is.</summary>
[DbContext(typeof(MefapexDb))]
[Migration("20261121001312_ForgottenQuestions")]
internal sealed class ForgottenQuestions : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create function forget_question() returns trigger language plpgsql as $$
        begin
            update knowledge_tasks
            set text = '…', topic = case when topic like '%question:%' then 'erased:' || id else topic end
            where exchange_id = old.id;
            return old;
        end $$;
        create trigger exchanges_forget_question before delete on exchanges
            for each row execute function forget_question();
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        drop trigger exchanges_forget_question on exchanges;
        drop function forget_question();
        """);
}
