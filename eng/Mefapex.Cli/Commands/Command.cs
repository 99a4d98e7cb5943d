namespace Mefapex.Cli;

/// <summary>One command of <c>./mefapex</c>.</summary>
/// <param name="Usage">Its arguments, as the help shows them.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Details">What else a person may want to know, in lines of at most 100 characters.</param>
/// <param name="RunAsync">Does it, given the arguments after its name.</param>
internal sealed record Command(
    string Name,
    string Usage,
    string Summary,
    string Details,
    Func<CommandContext, Arguments, CancellationToken, Task<int>> RunAsync);

/// <summary>The arguments of a command, taken one by one; what is left over at the end was not understood.</summary>
internal sealed class Arguments(IEnumerable<string> given)
{
    private readonly List<string> _left = [.. given];

    public bool TakeFlag(string name) => _left.Remove(name);

    /// <summary>The value that follows an option, or null when the option is not there.</summary>
    public string? TakeOption(string name)
    {
        var at = _left.IndexOf(name);
        if (at < 0)
            return null;
        if (at + 1 >= _left.Count)
            throw SetupException.Usage($"{name} needs a value.", "See ./mefapex help.");
        var value = _left[at + 1];
        _left.RemoveRange(at, 2);
        return value;
    }

    /// <summary>The first argument that is no option, or null.</summary>
    public string? TakeWord()
    {
        if (_left.Find(one => !one.StartsWith('-')) is not { } word)
            return null;
        _left.Remove(word);
        return word;
    }

    /// <summary>Everything that is left, for a program that reads it itself.</summary>
    public string[] TakeAll()
    {
        string[] all = [.. _left];
        _left.Clear();
        return all;
    }

    /// <exception cref="SetupException">Something was not understood.</exception>
    public void Finish(string command)
    {
        if (_left.Count > 0)
            throw SetupException.Usage($"'{string.Join(' ', _left)}' is not understood.", $"See ./mefapex help {command}.");
    }
}
