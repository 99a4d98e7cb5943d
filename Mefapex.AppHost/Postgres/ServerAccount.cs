using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mefapex.AppHost.Processes;

namespace Mefapex.AppHost.Postgres;

/// <summary>
/// The system account that the server runs under: the caller's own, or, because PostgreSQL refuses to run as root,
/// <c>postgres</c> or <c>nobody</c> when the caller is root.
/// </summary>
internal sealed class ServerAccount
{
    private readonly string? _user;
    private readonly string? _group;
    private readonly string? _setpriv;

    private ServerAccount(string? user = null, string? group = null, string? setpriv = null)
    {
        _user = user;
        _group = group;
        _setpriv = setpriv;
    }

    public bool IsOther => _user is not null;

    public static ServerAccount Choose()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new ServerAccount();

        var setpriv = Tool.Find("setpriv") ?? throw new PostgresUnavailableException(
            "PostgreSQL never runs as root, and there is no setpriv here to start it under another user: "
            + "install util-linux, or run ./mefapex as an ordinary user");
        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToList();
        var account = accounts.Find(fields => fields[0] is "postgres") ?? accounts.Find(fields => fields[0] is "nobody")
            ?? throw new PostgresUnavailableException(
                "PostgreSQL never runs as root, and this system has neither a user postgres nor nobody: "
                + "run ./mefapex as an ordinary user");
        return new ServerAccount(account[2], account[3], setpriv);
    }

    /// <summary>The same command, run under this account.</summary>
    public Command Run(Command command) => IsOther
        ? command with
        {
            FileName = _setpriv!,
            Arguments = [$"--reuid={_user}", $"--regid={_group}", "--clear-groups", command.FileName, .. command.Arguments],
            WorkingDirectory = command.WorkingDirectory ?? "/",
        }
        : command;

    /// <summary>Makes a folder for this account alone.</summary>
    public async Task OwnAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!IsOther)
            return;
        var result = await Tool.RunAsync(new Command("chown", ["-R", $"{_user}:{_group}", folder]), null, cancellationToken);
        if (result.ExitCode != 0)
            throw new PostgresUnavailableException($"the data folder {folder} cannot be handed to the server's user: {result.Tail}");
    }

    /// <summary>Whether this account gets through every parent of a path and passes <c>test FLAG path</c>.</summary>
    public async Task<bool> CanAsync(string flag, string path, CancellationToken cancellationToken) =>
        !IsOther || (await Tool.RunAsync(Run(new Command("test", [flag, path])), null, cancellationToken)).ExitCode == 0;

    /// <summary>A place that any account can enter, of its own for each given path.</summary>
    public static string ShelterFor(string path)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path)));
        return Path.Combine("/var/lib/mefapex", Convert.ToHexStringLower(hash.AsSpan(0, 6)).ToString(CultureInfo.InvariantCulture));
    }
}
