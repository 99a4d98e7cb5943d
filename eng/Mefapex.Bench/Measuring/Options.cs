using System.Globalization;

namespace Mefapex.Bench.Measuring;

/// <summary>Options of the form <c>--name value</c>; what is left over was not understood.</summary>
internal sealed class Options(IEnumerable<string> args)
{
    private readonly List<string> _left = [.. args];

    public string? Take(string name)
    {
        var at = _left.IndexOf(name);
        if (at < 0)
            return null;
        if (at + 1 == _left.Count)
            throw new BenchException($"{name} needs a value.");
        var value = _left[at + 1];
        _left.RemoveRange(at, 2);
        return value;
    }

    public bool TakeFlag(string name) => _left.Remove(name);

    public double Take(string name, double otherwise, double least, double most)
    {
        if (Take(name) is not { } text)
            return otherwise;
        return double.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new BenchException(string.Create(CultureInfo.InvariantCulture, $"{name} takes a number of {least} to {most}, not '{text}'."));
    }

    public void Finish()
    {
        if (_left.Count > 0)
            throw new BenchException($"'{string.Join(' ', _left)}' is not understood; see ./mefapex help bench.");
    }
}
