using System.ComponentModel.DataAnnotations;
using Mefapex.Inference.Catalogue.Hub;

namespace Mefapex.Ai.Models;

/// <summary>Section <c>Models:Hub</c>. The variables in brackets are those of Hugging Face's own tools.</summary>
internal sealed class HubSettings
{
    public const string Section = "Models:Hub";

    /// <summary>Address of the hub (<c>HF_ENDPOINT</c>).</summary>
    [Required]
    public Uri Endpoint { get; set; } = new("https://huggingface.co");

    /// <summary>Folder of downloaded models (<c>HF_HOME</c>); empty for <c>mefapex/models</c> in the user's cache folder.</summary>
    public string CacheFolder { get; set; } = "";

    /// <summary>Access token for models that need one (<c>HF_TOKEN</c>).</summary>
    public string? Token { get; set; }

    /// <summary>Nothing is downloaded (<c>HF_HUB_OFFLINE</c>).</summary>
    public bool Offline { get; set; }

    /// <summary>Proxy for downloads; empty for what <c>HTTPS_PROXY</c> says.</summary>
    public Uri? Proxy { get; set; }

    public HubOptions ToHub() => new()
    {
        Endpoint = Endpoint,
        CacheFolder = CacheFolder.Length > 0 ? Path.GetFullPath(CacheFolder) : DefaultFolder(),
        Token = Token,
        Offline = Offline,
    };

    private static string DefaultFolder() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "mefapex",
        "models");
}
