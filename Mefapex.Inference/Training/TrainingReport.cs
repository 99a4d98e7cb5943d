using System.Text;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Training;

/// <summary>What a training did and what came of it.</summary>
/// <param name="Model">The new model's manifest with its measured figures.</param>
/// <param name="Epochs">Epochs that the model learnt.</param>
/// <param name="Validation">Epochs of the phase with held-out sentences.</param>
/// <param name="UntrainedSamples">The untrained encoder's figures on the sample knowledge.</param>
public sealed record TrainingReport(
    ModelManifest Model,
    int Clusters,
    int Sentences,
    int Terms,
    IReadOnlyDictionary<string, int> SentencesByStyle,
    EncoderTrainingOptions Settings,
    int Epochs,
    IReadOnlyList<TrainingProgress> Validation,
    IReadOnlyList<QualityFigure> UntrainedSamples,
    TimeSpan Duration)
{
    /// <summary>The report for programs.</summary>
    public string ToJson() => ReportFormat.ToJson(this);

    /// <summary>The report for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        ReportFormat.Line(text, $"{Model.Name} {Model.Version}: {Model.Bytes} bytes, sha256 {Model.Sha256}");
        ReportFormat.Line(text, $"learnt from {Sentences} sentences in {Clusters} clusters and {Terms} glossary lines, {Epochs} epochs, seed {Settings.Seed}, {Duration.TotalSeconds:F0} s");
        ReportFormat.Line(text, $"sentences: {string.Join(", ", SentencesByStyle.Select(style => $"{style.Key} {style.Value}"))}");
        if (Model.HeldApart is { } pairs)
        {
            ReportFormat.Line(text, $"\n{pairs.Method}; 8 bits cost {pairs.RecallLostByQuantization:F4} of recall@1");
            Table(text, pairs.Untrained, pairs.Trained);
        }

        if (Model.Quality is { } samples)
        {
            ReportFormat.Line(text, $"\n{samples.Method}");
            Table(text, UntrainedSamples, samples.Figures);
        }

        return text.ToString();
    }

    private static void Table(StringBuilder text, IReadOnlyList<QualityFigure> before, IReadOnlyList<QualityFigure> after)
    {
        ReportFormat.Line(text, $"{"set",-12} {"language",-16} {"queries",7} {"among",5} {"before",7} {"recall@1",8} {"recall@3",8} {"MRR",6}");
        foreach (var (old, figure) in before.Zip(after))
        {
            ReportFormat.Line(text, $"{figure.Set,-12} {figure.Language,-16} {figure.Questions,7} {figure.Candidates,5} {old.RecallAt1,7:F3} {figure.RecallAt1,8:F3} {figure.RecallAt3,8:F3} {figure.Mrr,6:F3}");
        }
    }
}
