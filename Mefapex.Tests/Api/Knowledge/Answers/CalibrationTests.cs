using System.Security.Cryptography;
using System.Text.Json;
using Mefapex.Api.Ai;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Knowledge.Answers;

public sealed class CalibrationTests(KnowledgeFixture fixture) : IClassFixture<KnowledgeFixture>
{
    private const string Source = "fit.tsv";
    private const double Tolerance = 0.01;

    [Fact]
    public async Task The_weights_in_the_repository_are_those_that_the_labelled_questions_give()
    {
        var (lexical, lexicalWarnings) = await ExamplesAsync(fixture.Lexical, vectors: false);
        var (vectors, vectorWarnings) = await ExamplesAsync(fixture.Vectors, vectors: true);
        var modelHash = await ModelHashAsync();
        var fitted = new CalibrationFile(
            Source,
            Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(
                LabelledQuestion.PathOf(Source), TestContext.Current.CancellationToken))),
            DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime),
            Calibration.CandidateNames,
            Calibration.NoneNames,
            CalibrationFit.Fit(lexical, modelHash: null),
            CalibrationFit.Fit(vectors, modelHash),
            WarningSigns.Names,
            new WarningCalibration(CalibrationFit.FitWarnings(lexicalWarnings), CalibrationFit.FitWarnings(vectorWarnings)));
        var remedy = Path.Combine(AppContext.BaseDirectory, "calibration.json");
        await File.WriteAllTextAsync(
            remedy, JsonSerializer.Serialize(fitted, CalibrationFile.Json) + "\n", TestContext.Current.CancellationToken);
        var advice = $"Copy {remedy} over Mefapex.Api/Knowledge/Answers/calibration.json and measure the answers again.";

        var stored = CalibrationFile.Load();
        stored.SourceHash.ShouldBe(fitted.SourceHash, advice);
        stored.Vectors.ModelHash.ShouldBe(modelHash, advice);
        ShouldExplain(stored.Lexical, fitted.Lexical, lexical, advice);
        ShouldExplain(stored.Vectors, fitted.Vectors, vectors, advice);
        stored.Warnings.Lexical.LogLoss.ShouldBe(fitted.Warnings.Lexical.LogLoss, Tolerance, advice);
        stored.Warnings.Vectors.LogLoss.ShouldBe(fitted.Warnings.Vectors.LogLoss, Tolerance, advice);
    }

    [Fact]
    public void Fitting_finds_the_figure_that_tells_right_from_wrong()
    {
        var random = new Random(7);
        var examples = Enumerable.Range(0, 300).Select(_ =>
        {
            var known = random.NextDouble() < 0.7;
            var rows = Enumerable.Range(0, 4).Select(_ => Row(random, phrase: random.NextDouble() * 0.5)).ToArray();
            if (known)
                rows[2] = Row(random, phrase: 0.5 + (random.NextDouble() * 0.5));
            return new Example(rows, [1, 0, 0, 0], known ? [2] : []);
        }).ToList();

        var weights = CalibrationFit.Fit(examples, modelHash: null);

        weights.Candidate[0].ShouldBeGreaterThan(5);
        weights.Candidate.Skip(1).ShouldAllBe(w => w < 2);
        weights.LogLoss.ShouldBeLessThan(0.3);
        var probabilities = Calibration.Probabilities(examples.First(e => e.Right.Length > 0), weights.Candidate, weights.None);
        probabilities[2].ShouldBeGreaterThan(0.5);
        probabilities.Sum().ShouldBeInRange(0, 1);
    }

    [Fact]
    public void Fitting_twice_gives_the_same_weights()
    {
        var random = new Random(3);
        var examples = Enumerable.Range(0, 50)
            .Select(i => new Example([Row(random, random.NextDouble()), Row(random, random.NextDouble())], [1, 0, 0, 0], i % 3 == 0 ? [] : [0]))
            .ToList();

        CalibrationFit.Fit(examples, null).Candidate.ShouldBe(CalibrationFit.Fit(examples, null).Candidate);
    }

    private static double[] Row(Random random, double phrase) =>
        [phrase, .. Enumerable.Range(1, Calibration.CandidateNames.Count - 1).Select(_ => random.NextDouble())];

    private static void ShouldExplain(CalibrationWeights stored, CalibrationWeights fitted, List<Example> examples, string advice)
    {
        stored.Questions.ShouldBe(examples.Count, advice);
        var loss = CalibrationFit.LogLoss(examples, stored.Candidate, stored.None);
        loss.ShouldBe(stored.LogLoss, Tolerance, advice);
        loss.ShouldBe(fitted.LogLoss, Tolerance, advice);
    }

    private async Task<string> ModelHashAsync()
    {
        await using var scope = fixture.Vectors.Services.CreateAsyncScope();
        var response = await scope.ServiceProvider.GetRequiredService<AiClient>()
            .EmbedAsync(["izin"], TestContext.Current.CancellationToken);
        return response.ModelHash;
    }

    private static async Task<(List<Example> Examples, List<(double[] Inputs, bool IsWarning)> Warnings)> ExamplesAsync(ApiHost host, bool vectors)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var ai = scope.ServiceProvider.GetRequiredService<AiClient>();
        var examples = new List<Example>();
        var warnings = new List<(double[], bool)>();
        foreach (var batch in LabelledQuestion.Fit.Chunk(AiClient.MaxBatch))
        {
            var embedded = vectors
                ? await ai.EmbedAsync(Array.ConvertAll(batch, q => q.Text), TestContext.Current.CancellationToken)
                : null;
            for (var i = 0; i < batch.Length; i++)
            {
                var vector = embedded is null ? null : new QuestionVector(embedded.ModelHash, embedded.Embeddings[i]);
                var result = await KnowledgeFixture.SearchAsync(host, batch[i], vector);
                result.UsedVectors.ShouldBe(vectors);
                var example = Example.Of(result.Question, result.Candidates, batch[i].Expected);
                if (example.Right.Length > 0 || batch[i].MustBeDeclined)
                    examples.Add(example);
                warnings.Add((WarningSigns.Inputs(result), batch[i].Expected.Any(id => result.Snapshot.Entries[id].IsUrgent)));
            }
        }

        return (examples, warnings);
    }
}
