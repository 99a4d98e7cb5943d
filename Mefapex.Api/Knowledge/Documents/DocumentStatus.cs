namespace Mefapex.Api.Knowledge.Documents;

/// <summary>Where a version stands.</summary>
internal static class DocumentStatus
{
    public const string Waiting = "waiting";
    public const string Running = "running";
    public const string Live = "live";
    public const string Replaced = "replaced";
    public const string Failed = "failed";
    public const string Quarantined = "quarantined";

    public static readonly IReadOnlyList<string> All = [Waiting, Running, Live, Replaced, Failed, Quarantined];

    public static bool IsInWork(string status) => status is Waiting or Running;

    /// <summary>Whether the work ended without success and may be begun again.</summary>
    public static bool MayRetry(string status) => status is Failed or Quarantined;
}

/// <summary>The steps of a version on its way to being searched; the file itself is stored before.</summary>
internal static class IngestionStep
{
    public const string Extract = "extract";
    public const string Chunk = "chunk";
    public const string Embed = "embed";
    public const string Index = "index";
    public const string Switch = "switch";
    public const string Done = "done";

    /// <summary>In order, with the share of the whole way that lies behind a step when it begins, in percent.</summary>
    private static readonly (string Step, int Percent)[] Way =
        [(Extract, 5), (Chunk, 30), (Embed, 35), (Index, 80), (Switch, 95), (Done, 100)];

    public static string After(string step) => Way[IndexOf(step) + 1].Step;

    public static int PercentOf(string step, int done, int total)
    {
        var index = IndexOf(step);
        if (index == Way.Length - 1 || total == 0)
            return Way[index].Percent;
        return Way[index].Percent + (Way[index + 1].Percent - Way[index].Percent) * Math.Min(done, total) / total;
    }

    private static int IndexOf(string step) => Array.FindIndex(Way, way => way.Step == step);
}
