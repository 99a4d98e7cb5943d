namespace Mefapex.Inference.Catalogue.Hub;

/// <summary>How models are fetched from a hub.</summary>
public sealed record HubOptions
{
    /// <summary>Address of the hub.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>Folder that downloaded models are kept in.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Access token for models that need one; sent to the hub only, not to where it redirects.</summary>
    public string? Token { get; init; }

    /// <summary>Nothing is downloaded; what is not in the cache folder is missing.</summary>
    public bool Offline { get; init; }

    /// <summary>How often in a row a download may break off without a single byte of progress before it is given up.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Wait before the second attempt; doubled before each further one.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A connection that sends nothing for so long is taken for broken.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How far a download is.</summary>
/// <param name="File">The file under way.</param>
/// <param name="FileNumber">From 1.</param>
/// <param name="Files">Files in all.</param>
/// <param name="Bytes">Bytes of all files that are here.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
public sealed record HubProgress(string File, int FileNumber, int Files, long Bytes, long TotalBytes);
