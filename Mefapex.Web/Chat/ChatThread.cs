using Mefapex.Contracts.Chat;

namespace Mefapex.Web.Chat;

/// <summary>A conversation as one browser tab sees it.</summary>
public sealed class ChatThread
{
    private readonly List<Turn> _turns = [];

    /// <summary>Null until the first question.</summary>
    public string? Id { get; internal set; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Turn> Turns => _turns;

    public bool IsBusy => _turns is [.., { IsOpen: true }];

    /// <summary>Cancels the answer that is under way.</summary>
    internal CancellationTokenSource? Asking { get; set; }

    /// <summary>Ends the answer that is under way, if there is one.</summary>
    internal void Stop() => Asking?.Cancel();

    internal static ChatThread Of(string id, IEnumerable<Exchange> exchanges)
    {
        var thread = new ChatThread { Id = id };
        thread._turns.AddRange(exchanges.Select(exchange => new Turn(exchange)));
        return thread;
    }

    internal void Add(Turn turn) => _turns.Add(turn);

    internal void Remove(Turn turn) => _turns.Remove(turn);
}
