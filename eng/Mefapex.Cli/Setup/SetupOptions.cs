namespace Mefapex.Cli;

/// <summary>What to set up.</summary>
[Flags]
internal enum SetupParts
{
    /// <summary>The package profile and, in Partial, the packages made for it.</summary>
    Build = 1,

    /// <summary>A PostgreSQL server to run beside the services.</summary>
    Run = 2,

    /// <summary>The browser of the end-to-end tests.</summary>
    Tests = 4,
}

/// <param name="Parts">What to set up.</param>
/// <param name="Forced">The profile to take without asking the registry.</param>
/// <param name="ProbeAnew">Ask the registry even if an earlier answer stands.</param>
internal sealed record SetupOptions(SetupParts Parts, PackageProfile? Forced = null, bool ProbeAnew = false);
