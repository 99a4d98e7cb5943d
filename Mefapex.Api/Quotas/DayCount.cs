namespace Mefapex.Api.Quotas;

/// <summary>What a tenant used on one day: as PostgreSQL last said, and what this process counted since.</summary>
internal sealed class DayCount
{
    private readonly Lock _gate = new();
    private long _storedQuestions;
    private long _storedTokens;
    private long _questions;
    private long _tokens;
    private int _open;

    /// <summary>Whether PostgreSQL was asked.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Time stamp of the last question.</summary>
    public long LastAsked { get; private set; }

    public long Tokens
    {
        get
        {
            lock (_gate)
                return _storedTokens + _tokens;
        }
    }

    /// <summary>Those being answered count as well.</summary>
    public long Questions
    {
        get
        {
            lock (_gate)
                return _storedQuestions + _questions + _open;
        }
    }

    /// <summary>Takes a place for a question where there is one.</summary>
    /// <param name="used">How many were taken before.</param>
    /// <param name="answered">How many of those were answered.</param>
    public bool TryOpen(long limit, long now, out long used, out long answered)
    {
        lock (_gate)
        {
            LastAsked = now;
            answered = _storedQuestions + _questions;
            used = answered + _open;
            if (used >= limit)
                return false;
            _open++;
            return true;
        }
    }

    /// <param name="isAnswered">Others are as if they had not been asked.</param>
    public void Close(bool isAnswered)
    {
        lock (_gate)
        {
            _open--;
            if (isAnswered)
                _questions++;
        }
    }

    public void Add(long tokens)
    {
        lock (_gate)
            _tokens += tokens;
    }

    /// <summary>What PostgreSQL does not know yet.</summary>
    public (long Questions, long Tokens) Pending()
    {
        lock (_gate)
            return (_questions, _tokens);
    }

    /// <summary>Takes over what PostgreSQL says, which has these of the pending ones now.</summary>
    public void Stored(long questions, long tokens, long writtenQuestions = 0, long writtenTokens = 0)
    {
        lock (_gate)
        {
            (_storedQuestions, _storedTokens) = (questions, tokens);
            _questions -= writtenQuestions;
            _tokens -= writtenTokens;
            IsKnown = true;
        }
    }

    /// <summary>Goes on from what is known here, as PostgreSQL is away.</summary>
    public void GoOn()
    {
        lock (_gate)
            IsKnown = true;
    }

    public bool IsIdle()
    {
        lock (_gate)
            return _open == 0 && _questions == 0 && _tokens == 0;
    }
}
