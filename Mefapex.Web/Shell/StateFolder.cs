using Microsoft.Extensions.Options;

namespace Mefapex.Web.Shell;

/// <summary>Section <c>Web</c>.</summary>
internal sealed class WebOptions
{
    /// <summary>
    /// Folder for the keys and sessions that must outlive a restart; without one, a restart signs everyone out.
    /// </summary>
    public string? StateFolder { get; set; }
}

/// <summary>The folder of <see cref="WebOptions.StateFolder"/>.</summary>
internal sealed class StateFolder(IOptions<WebOptions> options)
{
    /// <summary>A folder in it that only this account can read, made if it is missing; null without a state folder.</summary>
    public DirectoryInfo? Private(string name)
    {
        if (string.IsNullOrWhiteSpace(options.Value.StateFolder))
            return null;

        var path = Path.GetFullPath(Path.Combine(options.Value.StateFolder, name));
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
