using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge;

/// <summary>A line of <c>Questions/fit.tsv</c> or <c>Questions/test.tsv</c>.</summary>
/// <param name="Expected">Ids of the entries that answer; empty where the question must be declined.</param>
public sealed record LabelledQuestion(string Tenant, string Language, string Text, IReadOnlySet<string> Expected, string Kind)
{
    public bool MustBeDeclined => Expected.Count == 0;

    /// <summary>What the calibration is fitted on.</summary>
    public static IReadOnlyList<LabelledQuestion> Fit { get; } = Read("fit.tsv");

    /// <summary>Never used for fitting, nor looked at while the search was worked on.</summary>
    public static IReadOnlyList<LabelledQuestion> Test { get; } = Read("test.tsv");

    public static string PathOf(string file) =>
        Path.Combine(RepositoryRoot.Path, "Mefapex.Tests", "Api", "Knowledge", "Questions", file);

    private static List<LabelledQuestion> Read(string file) =>
    [
        .. File.ReadLines(PathOf(file)).Skip(1).Select(line => line.Split('\t')).Select(cells => new LabelledQuestion(
            cells[0],
            cells[1],
            cells[2],
            cells[3] == "NONE" ? new HashSet<string>() : cells[3].Split('|').ToHashSet(StringComparer.Ordinal),
            cells[4])),
    ];
}
