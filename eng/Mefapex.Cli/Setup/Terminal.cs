using System.Globalization;

namespace Mefapex.Cli;

/// <summary>
/// Output for a person: lines as they come, and on a terminal one status line below them that shows what is under way.
/// </summary>
internal sealed class Terminal(TextWriter output, bool interactive, bool colour, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly List<Step> _steps = [];
    private long _drawn;
    private bool _statusShown;

    public static Terminal Standard(TextWriter output, bool redirected, bool forBuild = false) => new(
        output,
        interactive: !redirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        colour: !redirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        TimeProvider.System)
    {
        ForBuild = forBuild,
    };

    /// <summary>Leaves out what is merely informative.</summary>
    public bool Quiet { get; init; }

    /// <summary>Errors in the form that MSBuild recognises.</summary>
    public bool ForBuild { get; init; }

    public void Say(string text)
    {
        if (!Quiet)
            Write(text);
    }

    public void Warn(string text) => Write(Paint("33", "warning: ") + text);

    public void Fail(string text, string? remedy)
    {
        if (ForBuild)
        {
            Write($"mefapex : error MEFAPEX: {text.ReplaceLineEndings(" ")} {remedy}");
            return;
        }

        Write(Paint("31", "error: ") + text);
        if (remedy is not null)
            Write("  " + remedy);
    }

    /// <summary>Announces work that may take seconds; dispose the step when it is over.</summary>
    public Step Begin(string name)
    {
        var step = new Step(this, name, time.GetTimestamp());
        lock (_gate)
            _steps.Add(step);
        if (!interactive)
            Say(name);
        Draw(force: true);
        return step;
    }

    private void Write(string text)
    {
        lock (_gate)
        {
            Erase();
            output.WriteLine(text);
            output.Flush();
        }

        Draw(force: true);
    }

    private void End(Step step)
    {
        lock (_gate)
            _steps.Remove(step);
        if (step.Outcome is { } outcome)
        {
            var seconds = time.GetElapsedTime(step.Started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
            Say($"{outcome} ({seconds} s)");
        }
        else
        {
            Draw(force: true);
        }
    }

    private void Draw(bool force)
    {
        if (!interactive || Quiet)
            return;
        lock (_gate)
        {
            if (!force && time.GetElapsedTime(_drawn) < Redraw)
                return;
            _drawn = time.GetTimestamp();
            Erase();
            if (_steps.Count == 0)
                return;
            var line = string.Join("   ", _steps.Select(step => step.Describe()));
            var width = Math.Max(20, Console.WindowWidth - 1);
            output.Write(line.Length <= width ? line : line[..width]);
            output.Flush();
            _statusShown = true;
        }
    }

    private void Erase()
    {
        if (_statusShown)
            output.Write("\r\e[2K");
        _statusShown = false;
    }

    private string Paint(string code, string text) => colour ? $"\e[{code}m{text}\e[0m" : text;

    internal sealed class Step(Terminal terminal, string name, long started) : IDisposable
    {
        private long _done;
        private long? _total;
        private string? _words;

        public long Started { get; } = started;

        /// <summary>The line that stays when the step is over; none if it failed.</summary>
        public string? Outcome { get; set; }

        /// <summary>Progress in the step's own words.</summary>
        public void Progress(string words)
        {
            _words = words;
            terminal.Draw(force: false);
        }

        public void Progress(long done, long? total)
        {
            (_done, _total) = (done, total);
            terminal.Draw(force: false);
        }

        public string Describe() => (_done, _total) switch
        {
            (0, _) => _words is null ? name : $"{name} {_words}",
            (_, null or 0) => string.Create(CultureInfo.InvariantCulture, $"{name} {_done / 1e6:0} MB"),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"{name} {100.0 * _done / _total.Value:0} % of {_total.Value / 1e6:0} MB"),
        };

        public void Dispose() => terminal.End(this);
    }
}
