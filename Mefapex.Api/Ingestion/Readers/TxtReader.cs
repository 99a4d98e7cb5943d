namespace Mefapex.Api.Ingestion.Readers;

internal sealed class TxtReader : ITextReader
{
    public FileFormat Format => FileFormat.Txt;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken) =>
        PlainText.AddParagraphs(await TextDecoding.ReadAsync(path, cancellationToken), page: null, output);
}
