using System.Runtime.InteropServices;

namespace Mefapex.Cli;

/// <summary>Something of the operating system that the setup needs.</summary>
/// <param name="What">In words, for a message.</param>
/// <param name="IsThere">Looks for it.</param>
/// <param name="Debian">The packages that bring it.</param>
/// <param name="Elsewhere">What to run on another system.</param>
/// <param name="Required">False where something else takes its place or only tests need it.</param>
internal sealed record Prerequisite(
    string What, Func<bool> IsThere, string[] Debian, string Elsewhere, bool Required = true);

/// <summary>Finds what the system lacks, and on Debian as root installs it.</summary>
internal sealed class SystemPackages(Workspace workspace, Terminal terminal)
{
    public static readonly Prerequisite Compiler = new(
        "a C compiler (cc)", () => Shell.Which("cc") is not null, ["gcc", "g++", "libc6-dev"],
        OperatingSystem.IsMacOS() ? "xcode-select --install" : "Install gcc with your system's package manager.");

    public static readonly Prerequisite Make = new(
        "make", () => Shell.Which("make") is not null, ["make"],
        OperatingSystem.IsMacOS() ? "xcode-select --install" : "Install make with your system's package manager.");

    public static readonly Prerequisite TlsHeaders = new(
        "OpenSSL's and zlib's headers",
        () => !OperatingSystem.IsLinux()
            || (File.Exists("/usr/include/openssl/ssl.h") && File.Exists("/usr/include/zlib.h")),
        ["libssl-dev", "zlib1g-dev", "pkg-config"], "Install the development packages of OpenSSL and zlib.", Required: false);

    public static readonly Prerequisite Icu = new(
        "ICU (libicu), which Turkish text needs",
        () => !OperatingSystem.IsLinux() || HasIcu(), ["libicu-dev"],
        "Install libicu with your system's package manager.");

    public static readonly Prerequisite Chromium = new(
        "Chromium, for the end-to-end tests", () => ChromiumPath() is not null, ["chromium"],
        "Install Chromium or Google Chrome; without it the end-to-end tests are skipped.", Required: false);

    public static readonly Prerequisite Poppler = new(
        "pdftotext (poppler-utils), which reads uploaded PDF files", () => Shell.Which("pdftotext") is not null, ["poppler-utils"],
        "Install poppler with your system's package manager; without it PDF files are refused.", Required: false);

    public static readonly Prerequisite Postgres = new(
        "PostgreSQL", () => PostgresServer.Installed().Any(), ["postgresql"],
        "Its npm package takes its place.", Required: false);

    /// <summary>Whether this is Debian, or a descendant of it, and this user may install packages.</summary>
    public static bool CanInstall =>
        OperatingSystem.IsLinux() && File.Exists("/etc/debian_version") && Environment.IsPrivilegedProcess
        && Shell.Which("apt-get") is not null;

    /// <summary>The browser that the end-to-end tests drive; null if there is none.</summary>
    public static string? ChromiumPath() =>
        new[] { "chromium", "chromium-browser", "google-chrome", "google-chrome-stable" }
            .Select(Shell.Which).FirstOrDefault(path => path is not null);

    /// <exception cref="SetupException">Something required is missing and could not be installed.</exception>
    public async Task EnsureAsync(IReadOnlyCollection<Prerequisite> wanted, CancellationToken cancellationToken)
    {
        var missing = wanted.Where(one => !one.IsThere()).ToList();
        if (missing.Count == 0)
            return;
        if (CanInstall)
            await InstallAsync(missing, cancellationToken);

        foreach (var one in missing.Where(one => !one.IsThere()))
        {
            var command = File.Exists("/etc/debian_version")
                ? $"sudo apt-get install -y {string.Join(' ', one.Debian)}"
                : one.Elsewhere;
            if (one.Required)
                throw new SetupException($"This machine lacks {one.What}.", command);
            terminal.Warn($"This machine lacks {one.What}: {command}");
        }
    }

    private async Task InstallAsync(List<Prerequisite> missing, CancellationToken cancellationToken)
    {
        var packages = missing.SelectMany(one => one.Debian).Distinct(StringComparer.Ordinal).ToList();
        using var step = terminal.Begin($"Installing {string.Join(", ", packages)} with apt-get, as root");
        var environment = new Dictionary<string, string?> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        var log = Path.Combine(workspace.Home, "apt.log");
        var update = await Shell.RunAsync("apt-get", ["update", "-q"], cancellationToken, environment: environment);
        var install = await Shell.RunAsync(
            "apt-get",
            ["install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", .. packages],
            cancellationToken,
            environment: environment);
        await File.WriteAllTextAsync(log, update.Output + "\n" + install.Output, cancellationToken);
        if (install.ExitCode == 0)
            step.Outcome = $"Installed {string.Join(", ", packages)}";
        else
            terminal.Warn($"apt-get ended with {install.ExitCode}; its output is in {log}.");
    }

    private static bool HasIcu() =>
        new[] { "/usr/lib", "/usr/lib64", "/lib", $"/usr/lib/{Triplet}", $"/lib/{Triplet}", "/usr/local/lib" }
            .Where(Directory.Exists)
            .Any(folder => Directory.EnumerateFiles(folder, "libicuuc.so*").Any());

    private static string Triplet =>
        (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64") + "-linux-gnu";
}
