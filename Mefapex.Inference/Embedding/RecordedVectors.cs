using System.Text.Encodings.Web;
using System.Text.Json;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Embedding;

/// <summary>
/// What an encoder computed when it was brought to this machine, in <c>test-vectors.json</c> of its folder: another version
/// of the runtime, or other weights in the same place, must still compute it before the encoder serves.
/// </summary>
public static class RecordedVectors
{
    /// <summary>The file's name.</summary>
    public const string FileName = "test-vectors.json";

    private const float Tolerance = 1e-3f;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Writes what the encoder computes now.</summary>
    public static void Write(string folder, ITextEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        File.WriteAllText(
            Path.Combine(folder, FileName), JsonSerializer.Serialize(TestVectors.Observe(encoder), Json) + "\n");
    }

    /// <summary>Compares with what was written; a folder without the file has nothing to compare.</summary>
    /// <exception cref="ModelException">The encoder computes something else, or the file cannot be read.</exception>
    internal static void Check(string folder, ITextEncoder encoder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            return;
        foreach (var test in Read(file))
        {
            var apart = TestVectors.Apart(encoder, test);
            if (apart > Tolerance)
            {
                throw new ModelException(
                    ModelFault.WrongOutput,
                    $"the encoder in {folder} does not compute what it did when it was brought here, for \"{test.Text}\": off by " +
                    $"{apart:G3}, allowed {Tolerance:G3}. Download the folder again; if the runtime was changed on purpose, delete {file}.");
            }
        }
    }

    private static IReadOnlyList<TestVector> Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<IReadOnlyList<TestVector>>(File.ReadAllText(file), Json) ?? [];
        }
        catch (JsonException exception)
        {
            throw new ModelException(ModelFault.Damaged, $"{file} is damaged: {exception.Message} Delete it.", exception);
        }
    }
}
