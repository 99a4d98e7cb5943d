namespace Mefapex.Cli;

/// <summary>Something a person can mend: what is wrong, and what to do about it.</summary>
internal sealed class SetupException(string message, string remedy, Exception? cause = null) : Exception(message, cause)
{
    public string Remedy { get; } = remedy;
}
