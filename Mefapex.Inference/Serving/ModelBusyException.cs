namespace Mefapex.Inference.Serving;

/// <summary>A call is refused because too much waits already, or because its deadline cannot be kept.</summary>
public sealed class ModelBusyException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ModelBusyException(BusyCause cause, string message, TimeSpan retryAfter, Exception? innerException = null)
        : base(message, innerException)
    {
        Cause = cause;
        RetryAfter = retryAfter;
    }

    /// <summary>What it is refused for.</summary>
    public BusyCause Cause { get; }

    /// <summary>When there is likely to be room, at least one second.</summary>
    public TimeSpan RetryAfter { get; }
}

/// <summary>What a call is refused for.</summary>
public enum BusyCause
{
    /// <summary>The queue is full.</summary>
    QueueFull,

    /// <summary>Its turn would come after its deadline.</summary>
    DeadlineTooShort,

    /// <summary>Its deadline passed while it waited or was computed.</summary>
    DeadlinePassed,
}
