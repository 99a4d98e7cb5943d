using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Privacy;

/// <summary>Takes what a service exports by OTLP over HTTP, whole, for somebody to search through.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Signal, string Text)> _exports = new();
    private readonly Task _taking;

    public OtlpCollector()
    {
        Address = new Uri($"http://127.0.0.1:{PostgresFixture.FreePort()}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _taking = TakeAsync();
    }

    public Uri Address { get; }

    /// <summary>Signals (<c>logs</c>, <c>traces</c>, <c>metrics</c>) that hold a text, whatever its case.</summary>
    public IReadOnlyList<string> SignalsWith(string text) =>
    [
        .. _exports.Where(e => e.Text.Contains(text.ToLowerInvariant(), StringComparison.Ordinal))
            .Select(e => e.Signal).Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>What stands around a text where it was found first, for the message of a failing test.</summary>
    public string Around(string signal, string text)
    {
        text = text.ToLowerInvariant();
        var found = _exports.First(e => e.Signal == signal && e.Text.Contains(text, StringComparison.Ordinal)).Text;
        var place = found.IndexOf(text, StringComparison.Ordinal);
        var part = found[Math.Max(0, place - 200)..Math.Min(found.Length, place + text.Length + 100)];
        return string.Concat(part.Where(c => !char.IsControl(c) && c != '\uFFFD'));
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _taking;
    }

    private async Task TakeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body, CancellationToken.None);

                // Strings stand in the messages as they are, in UTF-8; what is between them does not matter here.
                var text = Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
                _exports.Enqueue((context.Request.Url!.Segments[^1], text.ToLowerInvariant()));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
