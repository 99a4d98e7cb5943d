namespace Mefapex.Inference.Catalogue;

/// <summary>What is wrong with a model.</summary>
public enum ModelFault
{
    /// <summary>A file is not there.</summary>
    Missing,

    /// <summary>A file's content is not what its manifest says, or cannot be read.</summary>
    Damaged,

    /// <summary>The file is whole, but not a model of the expected kind or shape.</summary>
    Unsuitable,

    /// <summary>It computes something else than its test vectors say, or not-a-number.</summary>
    WrongOutput,

    /// <summary>It needs more memory than there is.</summary>
    TooLarge,
}

/// <summary>A model cannot be used; the message names the file, the cause and the remedy.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ModelException(ModelFault fault, string message, Exception? innerException = null)
        : base(message, innerException) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public ModelFault Fault { get; }
}
