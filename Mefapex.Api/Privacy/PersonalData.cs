using System.Data;
using System.Data.Common;
using System.IO.Compression;
using System.Text;
using Mefapex.Api.Accounts;
using Mefapex.Api.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Mefapex.Api.Privacy;

/// <summary>
/// Everything about a person as a zip with a JSON file for each place that <see cref="PersonalColumns"/> names, written
/// while it is read and as it stood at one moment.
/// </summary>
internal sealed class PersonalData(MefapexDb db)
{
    /// <summary>What tells which row it is where only a name of the person stands in it.</summary>
    private const string Keys = "array['id', 'entry_id', 'document_id', 'version', 'title', 'kind', 'created_at', 'updated_at']";

    /// <summary>Where the person did it, with where from; what others did says what, and not who.</summary>
    private const string Events =
        """
        select jsonb_strip_nulls(jsonb_build_object(
            'at', e.at, 'verb', e.verb, 'by_yourself', coalesce(e.actor_id = @user, false), 'subject_kind', e.subject_kind,
            'subject_id', e.subject_id, 'before', e.before, 'after', e.after,
            'address', case when e.actor_id = @user then o.address end,
            'user_agent', case when e.actor_id = @user then o.user_agent end))::text
        from audit_events e left join audit_origins o on o.event_id = e.id
        where e.actor_id = @user or (e.subject_kind = 'user' and e.subject_id = @user::text)
        order by e.at
        """;

    public async Task WriteAsync(User user, Stream stream, CancellationToken cancellationToken)
    {
        using var rows = DataScope.AllTenants();
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            try
            {
                await WriteAsync(user, transaction.GetDbTransaction(), stream, cancellationToken);
            }
            catch (DbException e)
            {
                // Nothing that may be tried again: a part is with the person already.
                throw new IOException("the export broke off", e);
            }
        });
    }

    private static async Task WriteAsync(User user, DbTransaction transaction, Stream stream, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(
            stream, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        await using (var index = await zip.CreateEntry("index.md").OpenAsync(cancellationToken))
            await index.WriteAsync(Encoding.UTF8.GetBytes(PrivacyProblems.Text("index")), cancellationToken);
        foreach (var (name, sql) in Files())
        {
            await using var file = await zip.CreateEntry(name + ".json").OpenAsync(cancellationToken);
            await using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = sql;
            command.Parameters.AddRange(PersonalCommand.Parameters(user));
            await using var rows = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
            var before = "[\n";
            while (await rows.ReadAsync(cancellationToken))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(before + rows.GetString(0)), cancellationToken);
                before = ",\n";
            }

            await file.WriteAsync(Encoding.UTF8.GetBytes(before == "[\n" ? "[]\n" : "\n]\n"), cancellationToken);
        }
    }

    /// <summary>Those that a person looks for first come first.</summary>
    private static IEnumerable<(string Name, string Sql)> Files()
    {
        foreach (var rows in PersonalColumns.Rows.Reverse())
        {
            var withheld = string.Join(", ", rows.Withheld.Select(column => $"'{column}'"));
            yield return (
                rows.Table, $"select (to_jsonb({rows.Table}) - array[{withheld}]::text[])::text from {rows.Table} where {rows.Where}");
        }

        foreach (var texts in PersonalColumns.Texts)
            yield return (texts.Table, $"select to_jsonb({texts.Table})::text from {texts.Table} where {texts.Where}");
        yield return ("named_in", string.Join(" union all ", PersonalColumns.Names.Select(name =>
            $"""
            select (jsonb_build_object('table', '{name.Table}', 'column', '{name.Column}') || (
                select jsonb_object_agg(key, value) from jsonb_each(to_jsonb({name.Table})) where key = any({Keys})))::text
            from {name.Table} where {name.Where}
            """)));
        yield return ("audit_events", Events);
    }
}
