namespace Mefapex.AppHost.Local;

/// <summary>How long to wait before something that died is started again: 1, 2, 4 … 30 s, from 1 s again once it has run for a minute.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ForgivenAfter = TimeSpan.FromMinutes(1);

    private TimeSpan _next = TimeSpan.FromSeconds(1);

    public TimeSpan After(TimeSpan uptime)
    {
        if (uptime >= ForgivenAfter)
            _next = TimeSpan.FromSeconds(1);
        var delay = _next;
        _next = delay * 2 < Longest ? delay * 2 : Longest;
        return delay;
    }
}
