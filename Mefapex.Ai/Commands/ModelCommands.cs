using System.Globalization;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;
using Mefapex.Inference.Evaluation;
using Mefapex.Inference.Languages;

namespace Mefapex.Ai.Commands;

/// <summary>What makes and measures the bundled models, beside the service: <c>export-encoder</c>,
/// <c>measure-encoder</c>, <c>export-language</c>.</summary>
internal static class ModelCommands
{
    private const string Usage =
        """
        export-encoder   [--models DIR]                  writes the sentence encoder and its manifest
        measure-encoder  [--models DIR] [--samples DIR]  measures it, prints the table, keeps the figures in the manifest
        export-language  [--models DIR] [--samples DIR]  writes the language table and its manifest

        --models   folder of the models; by default Mefapex.Inference/Models of the checkout
        --samples  folder of knowledge files (*.json with entries); by default Mefapex.Api/Knowledge/Samples
        """;

    /// <summary>Runs a command if the first argument is one; null lets the service start.</summary>
    public static int? Run(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is not [var command, ..] || command.StartsWith('-'))
            return null;
        try
        {
            var options = Options(args.AsSpan(1));
            switch (command)
            {
                case "export-encoder":
                    var encoder = EncoderExporter.Export(Path.Combine(options.Models, "encoder"));
                    output.WriteLine($"{encoder.Name} {encoder.Version}: {encoder.Bytes} bytes, sha256 {encoder.Sha256}");
                    return 0;
                case "measure-encoder":
                    MeasureEncoder(Path.Combine(options.Models, "encoder"), options.Samples, output);
                    return 0;
                case "export-language":
                    var language = LanguageExporter.Export(Path.Combine(options.Models, "language"), QuestionSet.ReadFolder(options.Samples));
                    output.WriteLine($"{language.Name} {language.Version}: {language.Bytes} bytes, sha256 {language.Sha256}");
                    return 0;
                default:
                    errors.WriteLine($"There is no command {command}.\n\n{Usage}");
                    return 2;
            }
        }
        catch (Exception exception) when (exception is FormatException or ModelException or InvalidDataException or
                                              IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(exception.Message);
            return 1;
        }
    }

    private static void MeasureEncoder(string folder, string samples, TextWriter output)
    {
        QualityReport report;
        ModelManifest manifest;
        using (var encoder = SubwordEncoder.Load(folder))
        {
            report = RetrievalMeasure.Measure(encoder, QuestionSet.ReadFolder(samples));
            manifest = encoder.Manifest with { Quality = report };
        }

        File.WriteAllText(Path.Combine(folder, ModelManifest.FileName), manifest.ToJson());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"set",-12} {"lang",4} {"questions",9} {"entries",7} {"recall@1",8} {"recall@3",8} {"MRR",6}"));
        foreach (var figure in report.Figures)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figure.Set,-12} {figure.Language,4} {figure.Questions,9} {figure.Candidates,7} {figure.RecallAt1,8:F3} {figure.RecallAt3,8:F3} {figure.Mrr,6:F3}"));
        }
    }

    private static (string Models, string Samples) Options(ReadOnlySpan<string> args)
    {
        string? models = null, samples = null;
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || args[i] is not ("--models" or "--samples"))
                throw new FormatException($"{args[i]} is not understood.\n\n{Usage}");
            if (string.Equals(args[i], "--models", StringComparison.Ordinal))
                models = args[i + 1];
            else
                samples = args[i + 1];
        }

        return (models ?? InCheckout("Mefapex.Inference", "Models"), samples ?? InCheckout("Mefapex.Api", "Knowledge", "Samples"));
    }

    private static string InCheckout(params string[] parts)
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return Path.Combine([folder.FullName, .. parts]);
        }

        throw new FormatException($"{Environment.CurrentDirectory} is not inside a checkout; say --models and --samples.");
    }
}
