using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mefapex.Cli;

/// <summary>The walk as a person reads it, and as JSON.</summary>
internal static class AuditReport
{
    private const int Width = 110;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Render(WalkResult result, TimeSpan took)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"operations",-34}{result.Operations,7}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"walked",-34}{result.Walked,7}  {Share(result.Walked, result.Operations)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"with a row in their path",-34}{result.NamingRows,7}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"tried with a row that is there",-34}{result.WithRows,7}  {Share(result.WithRows, result.NamingRows)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"requests",-34}{result.Requests,7}  in {took.TotalSeconds:0.0} s");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"answers that should not have been",-34}{result.Findings.Count,7}");
        foreach (var operation in result.Findings.GroupBy(finding => finding.Operation, StringComparer.Ordinal))
        {
            text.AppendLine().AppendLine(operation.Key);
            foreach (var finding in operation)
            {
                text.AppendLine(Fit($"  {finding.Who}: {finding.What}"));
                if (finding.Said.Length > 0)
                    text.AppendLine(Fit($"      {finding.Said}"));
            }
        }

        return text.ToString();
    }

    public static string ToJson(WalkResult result, Uri api, DateTimeOffset at, TimeSpan took) => JsonSerializer.Serialize(
        new
        {
            Api = api.ToString(),
            At = at,
            Seconds = Math.Round(took.TotalSeconds, 3),
            result.Operations,
            result.Walked,
            result.NamingRows,
            result.WithRows,
            result.Requests,
            result.Findings,
        },
        Json) + "\n";

    private static string Share(int part, int all) =>
        string.Create(CultureInfo.InvariantCulture, $"{(all == 0 ? 100 : 100.0 * part / all):0} %");

    private static string Fit(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= Width ? line : line[..(Width - 1)] + "…";
    }
}
