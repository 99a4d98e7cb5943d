using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Mefapex.Api.Accounts;
using Mefapex.Api.Audit;
using Mefapex.Api.Chat;
using Mefapex.Api.Data;
using Mefapex.Api.Http;
using Mefapex.Contracts.Chat;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Mefapex.Api.Conversations;

/// <summary>A conversation as a file to keep.</summary>
internal static class ConversationExport
{
    private const string DefaultZone = "Europe/Istanbul";
    private const int LongestFileName = 60;

    /// <param name="format"><c>markdown</c> or <c>json</c>.</param>
    /// <param name="tz">The time zone of the times in it, an IANA name.</param>
    public static async Task<Results<FileContentHttpResult, ProblemHttpResult>> ExportAsync(
        Guid id,
        Caller caller,
        MefapexDb db,
        IOptions<JsonOptions> json,
        IAuditLog audit,
        TimeProvider time,
        CancellationToken cancellationToken,
        string format = "markdown",
        string tz = DefaultZone)
    {
        if (format is not ("markdown" or "json"))
            return ChatProblems.FormatUnknown();
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(tz, out var zone))
            return ChatProblems.TimeZoneUnknown();
        var conversation = await db.Conversations.AsNoTracking()
            .SingleOrDefaultAsync(c => c.Id == id && c.UserId == caller.UserId, cancellationToken);
        if (conversation is null)
            return Problems.ConversationNotFound();
        var exchanges = await db.Exchanges.AsNoTracking()
            .Where(e => e.ConversationId == id)
            .OrderBy(e => e.AskedAt).ThenBy(e => e.Id)
            .ToListAsync(cancellationToken);

        await audit.RecordAsync(
            new(AuditVerbs.ConversationExported, conversation.TenantId, new("conversation", id.ToString()))
            {
                After = new() { ["format"] = format, ["exchanges"] = exchanges.Count },
            },
            cancellationToken);
        var summary = conversation.ToWire(exchanges.Count);
        var export = new ExportedConversation(
            summary with { CreatedAt = At(summary.CreatedAt), UpdatedAt = At(summary.UpdatedAt) },
            tz,
            At(time.GetUtcNow()),
            [.. exchanges.Select(e => e.ToWire() with { AskedAt = At(e.AskedAt) })]);
        var name = FileName(conversation.Title);
        return format == "json"
            ? TypedResults.File(
                JsonSerializer.SerializeToUtf8Bytes(export, json.Value.SerializerOptions), MediaTypeNames.Application.Json, $"{name}.json")
            : TypedResults.File(Encoding.UTF8.GetBytes(Markdown(export)), "text/markdown; charset=utf-8", $"{name}.md");

        DateTimeOffset At(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, zone);
    }

    private static string Markdown(ExportedConversation export)
    {
        var text = new StringBuilder()
            .Append("# ").AppendLine(export.Conversation.Title.Length > 0 ? export.Conversation.Title : ChatProblems.Text("export.untitled"))
            .AppendLine()
            .AppendLine(ChatProblems.Text("export.exported", $"{Moment(export.ExportedAt)}, {export.TimeZone}"));
        foreach (var exchange in export.Exchanges)
        {
            text.AppendLine()
                .Append("## ").AppendLine(Moment(exchange.AskedAt))
                .AppendLine()
                .Append("**").Append(ChatProblems.Text("export.question")).AppendLine("**")
                .AppendLine();
            foreach (var line in exchange.Question.EnumerateLines())
                text.Append("> ").Append(line).AppendLine();
            text.AppendLine()
                .Append("**").Append(ChatProblems.Text("export.answer")).AppendLine("**")
                .AppendLine()
                .AppendLine(exchange.Answer.Response);
            if (exchange.Answer is not { Decision: Decision.Answer or Decision.Escalate, Sources.Count: > 0 } answer)
                continue;
            text.AppendLine()
                .Append(ChatProblems.Text("export.sources")).Append(": ")
                .AppendJoin(", ", answer.Sources.Select(s => s.Title)).AppendLine();
        }

        return text.Replace("\r\n", "\n").ToString();
    }

    private static string Moment(DateTimeOffset moment) =>
        moment.ToString("yyyy-MM-dd HH:mm:ss '(UTC'zzz')'", CultureInfo.InvariantCulture);

    private static string FileName(string title)
    {
        var letters = title.Select(c => char.IsLetterOrDigit(c) ? c : '-');
        var name = string.Join('-', new string([.. letters]).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return name.Length == 0 ? "mefapex" : name[..Math.Min(name.Length, LongestFileName)];
    }
}
