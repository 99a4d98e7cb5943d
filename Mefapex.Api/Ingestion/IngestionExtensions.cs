using Mefapex.Api.Admin;
using Mefapex.Api.Files;
using Mefapex.Api.Ingestion.Readers;

namespace Mefapex.Api.Ingestion;

internal static class IngestionExtensions
{
    public static WebApplicationBuilder AddIngestion(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<FileStoreOptions>().BindConfiguration(FileStoreOptions.Section);
        builder.Services.AddSingleton<FileStore>();
        builder.Services.AddAdapter("files", services => $"folder {services.GetRequiredService<FileStore>().Folder}");
        builder.Services.AddOptions<IngestionOptions>()
            .BindConfiguration(IngestionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ITextReader, TxtReader>();
        builder.Services.AddSingleton<ITextReader, MarkdownReader>();
        builder.Services.AddSingleton<ITextReader, HtmlReader>();
        builder.Services.AddSingleton<ITextReader, CsvFileReader>();
        builder.Services.AddSingleton<ITextReader, JsonReader>();
        builder.Services.AddSingleton<ITextReader, DocxReader>();
        builder.Services.AddSingleton<ITextReader, XlsxReader>();
        builder.Services.AddSingleton<ITextReader, PdfReader>();
        builder.Services.AddSingleton<FormatCheck>();
        builder.Services.AddSingleton<UploadReader>();
        builder.Services.AddSingleton<DocumentLibrary>();
        builder.Services.AddSingleton<IngestionSignal>();
        builder.Services.AddSingleton<IngestionQueue>();
        builder.Services.AddSingleton<ChunkStore>();
        builder.Services.AddSingleton<IngestionSteps>();
        builder.Services.AddHostedService<IngestionWorker>();
        builder.Services.AddSingleton<FolderWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FolderWatch>());
        builder.Services.AddSingleton<OrphanSweep>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OrphanSweep>());
        return builder;
    }
}
