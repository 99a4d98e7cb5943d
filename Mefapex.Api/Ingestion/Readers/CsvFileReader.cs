namespace Mefapex.Api.Ingestion.Readers;

internal sealed class CsvFileReader : ITextReader
{
    public FileFormat Format => FileFormat.Csv;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        var text = await TextDecoding.ReadAsync(path, cancellationToken);
        var table = new TableRows(output);
        try
        {
            foreach (var row in CsvRows.Of(text))
            {
                cancellationToken.ThrowIfCancellationRequested();
                table.Add(row);
            }
        }
        catch (FormatException e)
        {
            throw new UnreadableFileException(FileProblem.Corrupt, e.Message, e);
        }

        table.Finish();
    }
}
