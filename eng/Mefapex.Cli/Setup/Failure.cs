namespace Mefapex.Cli;

/// <summary>Turns whatever was thrown into a message that names the cause and the remedy.</summary>
internal static class Failure
{
    /// <summary>What a shell reports for a program ended by Ctrl+C.</summary>
    private const int Interrupted = 130;

    /// <returns>The exit code.</returns>
    public static int Report(Terminal terminal, Exception exception, bool verbose)
    {
        if (exception is OperationCanceledException)
        {
            terminal.Fail("Stopped.", "The next run continues from here.");
            return Interrupted;
        }

        var (message, remedy) = exception switch
        {
            SetupException one => (one.Message, one.Remedy),
            UnauthorizedAccessException => (exception.Message, "Make that folder writable for this user, or use a clone elsewhere."),
            IOException when IsDiskFull(exception) => (exception.Message, "Free some space; .mefapex/cache may be deleted at any time."),
            IOException => (exception.Message, "Mend that and run the command again."),
            _ => ($"Unexpected {exception.GetType().Name}: {exception.Message}", "--verbose shows where it came from."),
        };
        terminal.Fail(message, remedy);
        if (verbose)
            terminal.Warn(exception.ToString());
        return (exception as SetupException)?.ExitCode ?? 1;
    }

    private static bool IsDiskFull(Exception exception) =>
        exception.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070070) : 28);
}
