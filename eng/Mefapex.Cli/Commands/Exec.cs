using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mefapex.Cli;

/// <summary>POSIX exec: the process goes on as another program, with the same number, terminal and signals.</summary>
internal static partial class Exec
{
    /// <summary>Does not return.</summary>
    /// <exception cref="Win32Exception">The program cannot be run.</exception>
    public static void Replace(string[] command)
    {
        // The variables set in this process are known to .NET alone, so they are handed on one by one.
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(pair => $"{pair.Key}={pair.Value}");
        var program = command[0].Contains('/', StringComparison.Ordinal) ? command[0] : Shell.Which(command[0]) ?? command[0];
        _ = Execve(program, [.. command, null], [.. environment, null]);
        throw new Win32Exception();
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Execve(string path, string?[] arguments, string?[] environment);
}
