namespace Mefapex.Api.Files;

/// <summary>Section <c>Files</c>.</summary>
internal sealed class FileStoreOptions
{
    public const string Section = "Files";

    /// <summary>Where files are kept, relative to the content root: never under what the web serves.</summary>
    public string Folder { get; init; } = Path.Combine("App_Data", "files");
}
