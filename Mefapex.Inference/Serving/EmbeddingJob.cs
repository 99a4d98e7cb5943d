using System.Diagnostics;
using Mefapex.Inference.Embedding;

namespace Mefapex.Inference.Serving;

/// <summary>The texts of one call in the queue of an encoder.</summary>
internal sealed class EmbeddingJob(
    ModelLease<ITextEncoder> lease, EncoderInput[] inputs, string? caller, long queuedAt, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<float[][]> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing = inputs.Length;

    public EncoderInput[] Inputs { get; } = inputs;

    public string? Caller { get; } = caller;

    /// <summary>Held by the caller until the job is done.</summary>
    public ModelLease<ITextEncoder> Lease { get; } = lease;

    public long QueuedAt { get; } = queuedAt;

    public ActivityContext Parent { get; } = Activity.Current?.Context ?? default;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public Task<float[][]> Result => _result.Task;

    public float[][] Vectors { get; } = new float[inputs.Length][];

    public long Tokens { get; } = inputs.Sum(input => (long)input.Length);

    /// <summary>Texts that no worker has taken; guarded by the queue's lock, like the two that follow.</summary>
    public int WaitingTexts { get; set; }

    public long WaitingTokens { get; set; }

    /// <summary>Computed, failed or given up: what is left of it is not computed.</summary>
    public bool Done { get; set; }

    /// <summary>Keeps a vector.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool Set(int index, float[] vector)
    {
        Vectors[index] = vector;
        return Interlocked.Decrement(ref _missing) == 0;
    }

    public void Complete() => _result.TrySetResult(Vectors);

    public void Fail(Exception exception) => _result.TrySetException(exception);

    public void Cancel() => _result.TrySetCanceled(CancellationToken);
}

/// <summary>One text of a job.</summary>
internal readonly record struct QueuedText(EmbeddingJob Job, int Index)
{
    public EncoderInput Input => Job.Inputs[Index];
}
