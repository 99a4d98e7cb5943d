using System.Text.Json.Nodes;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Knowledge;

/// <summary>The sample files as they are in the repository.</summary>
internal static class SampleKnowledge
{
    public static string Answer(string tenant, string id) => (string)Entry(tenant, id)["answer"]!;

    public static string Title(string tenant, string id) => (string)Entry(tenant, id)["title"]!;

    public static string EnglishAnswer(string tenant, string id) => (string)Entry(tenant, id)["en"]!["answer"]!;

    public static IEnumerable<string> Ids(string tenant) => Entries(tenant).Select(e => (string)e!["id"]!);

    private static JsonNode Entry(string tenant, string id) => Entries(tenant).Single(e => (string)e!["id"]! == id)!;

    private static JsonArray Entries(string tenant) => JsonNode.Parse(File.ReadAllText(
        Path.Combine(RepositoryRoot.Path, "Mefapex.Api", "Knowledge", "Samples", $"{tenant}.json")))!["entries"]!.AsArray();
}
