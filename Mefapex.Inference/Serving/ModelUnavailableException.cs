namespace Mefapex.Inference.Serving;

/// <summary>A model cannot be used now; the message says why and what helps.</summary>
public sealed class ModelUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="retryAfter">When trying again may help; null where only a change of the configuration does.</param>
    public ModelUnavailableException(
        string kind, ModelUnavailability cause, string message, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        Cause = cause;
        RetryAfter = retryAfter;
    }

    /// <summary>Which model; <see cref="ModelSlot.Kind"/>.</summary>
    public string Kind { get; }

    /// <summary>What keeps it from being used.</summary>
    public ModelUnavailability Cause { get; }

    /// <summary>When trying again may help; null where only a change of the configuration does.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>What keeps a model from being used.</summary>
public enum ModelUnavailability
{
    /// <summary>It could not be loaded; the inner exception says why.</summary>
    Failed,

    /// <summary>Models are switched off by configuration.</summary>
    Disabled,

    /// <summary>In emergency mode models of its size are not loaded.</summary>
    Emergency,

    /// <summary>The program ends.</summary>
    ShuttingDown,
}
