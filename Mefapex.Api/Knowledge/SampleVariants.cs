namespace Mefapex.Api.Knowledge;

/// <summary>Further wordings of the sample entries: <c>Samples/variants/*.txt</c>, a file a tenant, under
/// <c># entry-id</c> lines of <c>tr:</c> or <c>en:</c>.</summary>
internal static class SampleVariants
{
    /// <summary>Of one tenant, by entry, in the order of the file.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<SampleVariant>> Of(string tenant)
    {
        var name = $"{typeof(SampleVariants).Namespace}.Samples.variants.{tenant}.txt";
        using var stream = typeof(SampleVariants).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The sample file {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        var variants = new Dictionary<string, IReadOnlyList<SampleVariant>>(StringComparer.Ordinal);
        List<SampleVariant>? current = null;
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0)
                continue;
            if (line.StartsWith("# ", StringComparison.Ordinal))
                variants.Add(line[2..], current = []);
            else if (current is not null && line[..4] is "tr: " or "en: ")
                current.Add(new SampleVariant(line[..2], line[4..]));
            else
                throw new InvalidDataException($"{name}, line {number}: expected \"# entry-id\", \"tr: wording\" or \"en: wording\".");
        }

        return variants;
    }
}

/// <param name="Language">ISO 639-1: <c>tr</c> or <c>en</c>.</param>
internal sealed record SampleVariant(string Language, string Text);
