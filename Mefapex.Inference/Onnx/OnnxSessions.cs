using Mefapex.Inference.Catalogue;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Onnx;

/// <summary>Sessions of ONNX Runtime on the CPU with bounded memory: no arenas that keep what they once took, no
/// threads that spin. What fails is thrown, so the runtime itself logs only what it cannot throw.</summary>
internal static class OnnxSessions
{
    static OnnxSessions() => NativeHeap.ReturnFreedMemory();

    public static InferenceSession Create(ModelFolder folder, int intraOpThreads)
    {
        var bytes = folder.ReadVerified();
        using var options = new SessionOptions
        {
            IntraOpNumThreads = intraOpThreads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableCpuMemArena = false,
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        try
        {
            return new InferenceSession(bytes, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelException(
                ModelFault.Unsuitable,
                $"model file {Path.Combine(folder.Path, folder.Manifest.File)} cannot be run by this ONNX Runtime: " +
                $"{exception.Message} Take a model that was exported for it.",
                exception);
        }
    }

    /// <summary>Runs the graph; a cancelled call stops inside the runtime, between two operators.</summary>
    public static IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession session,
        IReadOnlyCollection<string> inputNames,
        IReadOnlyCollection<OrtValue> inputs,
        IReadOnlyCollection<string> outputNames,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, run);
        try
        {
            return session.Run(run, inputNames, inputs, outputNames);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelException(
                ModelFault.WrongOutput,
                $"the model failed while it computed: {exception.Message} Model, manifest and program must be of one release.",
                exception);
        }
    }
}
