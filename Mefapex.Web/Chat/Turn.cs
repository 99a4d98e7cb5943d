using System.Text;
using Mefapex.Contracts.Chat;
using Mefapex.Web.Api;

namespace Mefapex.Web.Chat;

/// <summary>How far an answer has come.</summary>
public enum TurnState
{
    /// <summary>Asked; nothing of the answer is there.</summary>
    Waiting,

    /// <summary>A part of the answer is there.</summary>
    Streaming,

    /// <summary>The whole answer is there.</summary>
    Answered,

    /// <summary>The person stopped it; what had come stays.</summary>
    Stopped,

    /// <summary>It failed; what had come stays.</summary>
    Failed,
}

/// <summary>A question and as much of its answer as has come.</summary>
public sealed class Turn
{
    private readonly StringBuilder _text = new();

    /// <param name="messageId">The id of a turn whose question is asked again.</param>
    public Turn(string question, DateTimeOffset askedAt, Guid? messageId = null)
    {
        Question = question;
        AskedAt = askedAt;
        MessageId = messageId ?? Guid.CreateVersion7(askedAt);
    }

    public Turn(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        Question = exchange.Question;
        AskedAt = exchange.AskedAt;
        MessageId = Guid.Parse(exchange.Id);
        Answer = exchange.Answer;
        State = TurnState.Answered;
    }

    public string Question { get; }

    public DateTimeOffset AskedAt { get; }

    /// <summary>Under which the question is asked and its answer stored.</summary>
    public Guid MessageId { get; }

    public TurnState State { get; private set; }

    /// <summary>Set once <see cref="State"/> is <see cref="TurnState.Answered"/>.</summary>
    public ChatAnswer? Answer { get; private set; }

    /// <summary>Grows with every change, so that a view knows whether to render again.</summary>
    public int Version { get; private set; }

    public bool IsOpen => State is TurnState.Waiting or TurnState.Streaming;

    /// <summary>The answer's Markdown so far.</summary>
    public string Text => Answer?.Response ?? _text.ToString();

    /// <summary>Set once <see cref="State"/> is <see cref="TurnState.Failed"/>.</summary>
    internal ApiException? Problem { get; private set; }

    internal void Add(string piece)
    {
        _text.Append(piece);
        Move(TurnState.Streaming);
    }

    internal void Complete(ChatAnswer answer)
    {
        Answer = answer;
        Move(TurnState.Answered);
    }

    internal void Stop() => Move(TurnState.Stopped);

    internal void Fail(ApiException problem)
    {
        Problem = problem;
        Move(TurnState.Failed);
    }

    private void Move(TurnState state)
    {
        State = state;
        Version++;
    }
}
