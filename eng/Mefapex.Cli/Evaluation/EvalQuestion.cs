using System.Globalization;
using System.Text;

namespace Mefapex.Cli;

/// <summary>A labelled question, as a line of a file holds it.</summary>
/// <param name="Line">Of the file, from 1.</param>
/// <param name="Expected">Ids of the entries that answer; empty where the question must be declined.</param>
/// <param name="Kind">A word of the file's author for what makes it hard.</param>
internal sealed record EvalQuestion(
    int Line,
    string Tenant,
    string Lang,
    string Text,
    IReadOnlyList<string> Expected,
    string Kind)
{
    public const string Header = "tenant\tlang\tquestion\texpected\tkind";

    /// <summary>What stands for the expected ids where the question must be declined.</summary>
    public const string None = "NONE";

    private const int LongestText = 1000;
    private const int MostProblems = 5;

    public bool MustBeDeclined => Expected.Count == 0;

    /// <summary>Reads a file of labelled questions.</summary>
    /// <exception cref="SetupException">What is wrong with which line.</exception>
    public static List<EvalQuestion> Read(string file)
    {
        if (!File.Exists(file))
            throw SetupException.Usage($"There is no file {file}.", "Name a file of labelled questions; ./mefapex help eval shows its form.");
        try
        {
            var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            return Parse(file, File.ReadAllLines(file, encoding));
        }
        catch (DecoderFallbackException exception)
        {
            throw SetupException.Usage($"{file} is not UTF-8: {exception.Message}", "Save it as UTF-8.");
        }
    }

    private static List<EvalQuestion> Parse(string file, string[] lines)
    {
        if (lines.Length == 0 || lines.All(string.IsNullOrWhiteSpace))
            throw SetupException.Usage($"{file} is empty.", "./mefapex help eval shows what stands in such a file.");
        if (lines[0].TrimEnd() != Header)
        {
            throw SetupException.Usage(
                $"{file}, line 1: the header is '{Shorten(lines[0])}'.",
                "It must be, with a tab between the words: " + Header.Replace('\t', ' '));
        }

        var questions = new List<EvalQuestion>();
        var problems = new List<string>();
        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            if (Parse(i + 1, lines[i], out var problem) is { } question)
                questions.Add(question);
            else
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{file}, line {i + 1}: {problem}"));
        }

        if (problems.Count > 0)
        {
            throw SetupException.Usage(
                string.Join(Environment.NewLine, problems.Take(MostProblems)),
                problems.Count > MostProblems
                    ? string.Create(CultureInfo.InvariantCulture, $"These are {MostProblems} of {problems.Count} bad lines.")
                    : "Mend that and run the command again.");
        }

        return questions.Count > 0 ? questions : throw SetupException.Usage($"{file} has a header but no questions.", "Add some.");
    }

    private static EvalQuestion? Parse(int number, string line, out string problem)
    {
        var cells = Array.ConvertAll(line.Split('\t'), cell => cell.Trim());
        problem = cells switch
        {
            { Length: not 5 } => string.Create(CultureInfo.InvariantCulture, $"{cells.Length} cells instead of 5; tabs separate them."),
            _ when Array.FindIndex(cells, cell => cell.Length == 0) is >= 0 and var empty => $"the cell '{Header.Split('\t')[empty]}' is empty.",
            _ when cells[2].EnumerateRunes().Count() > LongestText => string.Create(
                CultureInfo.InvariantCulture, $"the question is longer than {LongestText} characters."),
            _ => "",
        };
        if (problem.Length > 0)
            return null;

        var ids = cells[3].Split('|', StringSplitOptions.TrimEntries);
        if (ids is [None])
            return new EvalQuestion(number, cells[0], cells[1], cells[2], [], cells[4]);
        if (Array.Exists(ids, id => id.Length == 0 || id == None || id.Contains(' ', StringComparison.Ordinal)))
        {
            problem = $"'{cells[3]}' is neither {None} nor ids joined by |.";
            return null;
        }

        return new EvalQuestion(number, cells[0], cells[1], cells[2], ids, cells[4]);
    }

    private static string Shorten(string text) => text.Length <= 60 ? text.Replace('\t', ' ') : text[..59].Replace('\t', ' ') + "…";
}
