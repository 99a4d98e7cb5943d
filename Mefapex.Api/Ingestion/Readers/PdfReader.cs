using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Ingestion.Readers;

/// <summary>
/// Has poppler's pdftotext read the file in a process of its own, with limits on time, memory and output: a hostile file
/// ends that process and nothing else.
/// </summary>
internal sealed partial class PdfReader(IOptions<IngestionOptions> options) : ITextReader
{
    private const char PageEnd = '\f';
    private const int MaxErrorLength = 2000;

    /// <summary>Lines at the edges of pages are dropped when this share of the pages has them.</summary>
    private const double RunningShare = 0.6;
    private const int PagesWithRunningLines = 4;

    private readonly IngestionOptions _options = options.Value;

    public FileFormat Format => FileFormat.Pdf;

    public async Task ReadAsync(string path, TextCollector output, CancellationToken cancellationToken)
    {
        var pages = PagesOf(await ExtractAsync(path, cancellationToken));
        output.HasPages(pages.Count, tellsEmpty: true);
        var running = RunningLines(pages);
        for (var i = 0; i < pages.Count; i++)
            PlainText.AddParagraphs(string.Join('\n', Without(running, pages[i])), i + 1, output);
    }

    private static List<string[]> PagesOf(string text)
    {
        var pages = text.Split(PageEnd).Select(page => page.Split('\n')).ToList();
        pages.RemoveAt(pages.Count - 1); // what follows the last page's end
        return pages;
    }

    /// <summary>Headers and footers: the first or last line of most pages, but for the numbers in it.</summary>
    private static HashSet<string> RunningLines(List<string[]> pages)
    {
        if (pages.Count < PagesWithRunningLines)
            return [];
        return pages
            .SelectMany(page => new[] { page.FirstOrDefault(HasText), page.LastOrDefault(HasText) }.OfType<string>().Select(Shape).Distinct())
            .GroupBy(shape => shape, StringComparer.Ordinal)
            .Where(group => group.Count() >= pages.Count * RunningShare)
            .Select(group => group.Key)
            .ToHashSet(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Without(HashSet<string> running, string[] page)
    {
        var first = Array.FindIndex(page, HasText);
        var last = Array.FindLastIndex(page, HasText);
        return page.Where((line, i) => (i != first && i != last) || !running.Contains(Shape(line)));
    }

    private static bool HasText(string line) => !string.IsNullOrWhiteSpace(line);

    private static string Shape(string line) => Digits().Replace(line.Trim(), "#");

    private async Task<string> ExtractAsync(string path, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.PdfTimeout);
        using var process = Start(path);
        try
        {
            var error = ReadBoundedAsync(process.StandardError, MaxErrorLength, deadline.Token);
            var text = await ReadBoundedAsync(process.StandardOutput, _options.MaxCharacters, deadline.Token);
            if (text.IsCut)
                throw new UnreadableFileException(FileProblem.TooMuchText, $"more than {_options.MaxCharacters} characters");
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0 ? text.Text : throw Refused(process.ExitCode, (await error).Text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UnreadableFileException(FileProblem.TooExpensive, $"not read within {_options.PdfTimeout}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private Process Start(string path)
    {
        var start = new ProcessStartInfo
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        string[] command = [_options.PdfToText, "-enc", "UTF-8", "-eol", "unix", path, "-"];
        if (OperatingSystem.IsWindows())
        {
            start.FileName = command[0];
            command = command[1..];
        }
        else
        {
            // exec keeps the process id, so that killing it kills the reader; nice leaves the processor to those who ask
            // questions. Not every system can limit memory so.
            start.FileName = "/bin/sh";
            command =
            [
                "-c", "ulimit -t \"$1\"; ulimit -v \"$2\" 2>/dev/null; shift 2; exec nice -n 10 \"$@\"", "sh",
                _options.PdfTimeout.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture),
                (_options.PdfMemoryBytes / 1024).ToString(CultureInfo.InvariantCulture),
                .. command,
            ];
        }

        foreach (var argument in command)
            start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw Missing(e);
        }
    }

    /// <summary>Exit codes are pdftotext's own, and the shell's for a program that is not there or was ended by a signal.</summary>
    private UnreadableFileException Refused(int exitCode, string error) => exitCode switch
    {
        126 or 127 => Missing(null),
        3 => new(FileProblem.Encrypted, "its permissions forbid copying text"),
        1 when error.Contains("password", StringComparison.OrdinalIgnoreCase)
            || error.Contains("encrypt", StringComparison.OrdinalIgnoreCase) => new(FileProblem.Encrypted, error.Trim()),
        > 128 => new(FileProblem.TooExpensive, $"pdftotext was ended by signal {exitCode - 128}"),
        _ when error.Contains("bad_alloc", StringComparison.Ordinal) || error.Contains("Out of memory", StringComparison.OrdinalIgnoreCase) =>
            new(FileProblem.TooExpensive, error.Trim()),
        _ => new(FileProblem.Corrupt, error.Trim()),
    };

    private UnreadableFileException Missing(Exception? inner) =>
        new(FileProblem.PdfReaderMissing, $"there is no program {_options.PdfToText}", inner);

    private static async Task<(string Text, bool IsCut)> ReadBoundedAsync(StreamReader reader, int limit, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[16384];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (text.Length + read > limit)
                return (text.Append(buffer, 0, limit - text.Length).ToString(), true);
            text.Append(buffer, 0, read);
        }

        return (text.ToString(), false);
    }

    [GeneratedRegex(@"\d+", RegexOptions.None, 1000)]
    private static partial Regex Digits();
}
