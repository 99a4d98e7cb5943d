namespace Mefapex.Cli;

/// <summary>Something a person can mend: what is wrong, and what to do about it.</summary>
internal sealed class SetupException(string message, string remedy, Exception? cause = null) : Exception(message, cause)
{
    public string Remedy { get; } = remedy;

    /// <summary>What the program ends with.</summary>
    public int ExitCode { get; private init; } = 1;

    /// <summary>The command, or a file that it names, was written wrongly.</summary>
    public static SetupException Usage(string message, string remedy) => new(message, remedy) { ExitCode = 2 };
}
