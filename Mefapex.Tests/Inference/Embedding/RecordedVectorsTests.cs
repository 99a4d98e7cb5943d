using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Embedding;

namespace Mefapex.Tests.Inference.Embedding;

public sealed class RecordedVectorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mefapex-recorded-").FullName;

    public RecordedVectorsTests()
    {
        new TinyBert { Seed = 1 }.Write(_folder);
        using var encoder = TransformerEncoder.Load(_folder);
        RecordedVectors.Write(_folder, encoder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_encoder_that_was_recorded_loads_again() => TransformerEncoder.Load(_folder).Dispose();

    [Fact]
    public void Other_weights_in_the_same_place_are_refused()
    {
        new TinyBert { Seed = 2 }.Write(_folder);

        var exception = Should.Throw<ModelException>(() => TransformerEncoder.Load(_folder));

        exception.Fault.ShouldBe(ModelFault.WrongOutput);
        exception.Message.ShouldContain("Yıllık izin");
    }

    [Fact]
    public void A_damaged_record_is_named()
    {
        var file = Path.Combine(_folder, RecordedVectors.FileName);
        File.WriteAllText(file, "{");

        Should.Throw<ModelException>(() => TransformerEncoder.Load(_folder)).Message.ShouldContain(file);
    }
}
