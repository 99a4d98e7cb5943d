namespace Mefapex.Ai.Commands;

/// <summary>The options of a command: <c>--name value</c> each, some of them more than once.</summary>
internal sealed class CommandOptions
{
    private readonly List<(string Name, string Value)> _given = [];

    /// <exception cref="FormatException">An option is unknown or has no value.</exception>
    public CommandOptions(ReadOnlySpan<string> args, params string[] known)
    {
        for (var i = 0; i < args.Length; i += 2)
        {
            if (!known.Contains(args[i], StringComparer.Ordinal))
                throw new FormatException($"{args[i]} is not understood; there is {string.Join(", ", known)}.");
            if (i + 1 == args.Length)
                throw new FormatException($"{args[i]} needs a value.");
            _given.Add((args[i], args[i + 1]));
        }
    }

    public IEnumerable<string> All(string name) =>
        _given.Where(option => string.Equals(option.Name, name, StringComparison.Ordinal)).Select(option => option.Value);

    public string? Last(string name) => All(name).LastOrDefault();

    /// <exception cref="FormatException">It is no number between <paramref name="least"/> and <paramref name="most"/>.</exception>
    public int Number(string name, int otherwise, int least, int most)
    {
        if (Last(name) is not { } text)
            return otherwise;
        return int.TryParse(text, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} {text} is not a number from {least} to {most}.");
    }

    /// <summary>The folder given, or one of the checkout.</summary>
    /// <exception cref="FormatException">Not given, and the program does not run inside a checkout.</exception>
    public string Folder(string name, params string[] inCheckout)
    {
        if (Last(name) is { } given)
            return given;
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mefapex.sln")))
                return Path.Combine([folder.FullName, .. inCheckout]);
        }

        throw new FormatException($"{Environment.CurrentDirectory} is not inside a checkout; say {name}.");
    }
}
