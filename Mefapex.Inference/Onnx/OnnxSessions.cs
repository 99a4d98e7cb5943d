using Mefapex.Inference.Catalogue;
using Microsoft.ML.OnnxRuntime;

namespace Mefapex.Inference.Onnx;

/// <summary>Sessions of ONNX Runtime on the CPU with bounded memory: arenas keep nothing of a large run, threads do
/// not spin when none is under way. What fails is thrown, so the runtime itself logs only what it cannot throw.</summary>
internal static class OnnxSessions
{
    static OnnxSessions() => NativeHeap.ReturnFreedMemory();

    /// <summary>How long a thread waits for the next operator of a run before it sleeps; waking it takes longer than most
    /// gaps between operators. Between runs none waits so.</summary>
    private const string SpinMicroseconds = "1000";

    /// <summary>A small graph, such as the bundled ones: no arena, no spinning.</summary>
    public static InferenceSession Create(ModelFolder folder, int intraOpThreads)
    {
        var bytes = folder.ReadVerified();
        using var options = Options(intraOpThreads);
        options.EnableCpuMemArena = false;
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            return new InferenceSession(bytes, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw CannotRun(Path.Combine(folder.Path, folder.Manifest.File), exception);
        }
    }

    /// <summary>
    /// A transformer, which may keep its weights in files beside it. Without an arena it takes twice the processor time,
    /// for buffers that the system hands out and takes back at each operator.
    /// </summary>
    public static InferenceSession CreateFromFile(string file, int intraOpThreads)
    {
        using var options = Options(intraOpThreads);
        options.AddSessionConfigEntry("session.intra_op.spin_duration_us", SpinMicroseconds);
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        try
        {
            return new InferenceSession(file, options);
        }
        catch (OnnxRuntimeException exception) when (
            exception.Message.Contains("InvalidProtobuf", StringComparison.Ordinal) ||
            exception.Message.Contains("does not have a graph", StringComparison.Ordinal))
        {
            throw new ModelException(
                ModelFault.Damaged,
                $"model file {file} is damaged or no ONNX file: {exception.Message} Download or export it again.",
                exception);
        }
        catch (OnnxRuntimeException exception)
        {
            throw CannotRun(file, exception);
        }
    }

    private static SessionOptions Options(int intraOpThreads)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = intraOpThreads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        return options;
    }

    private static ModelException CannotRun(string file, OnnxRuntimeException exception) => new(
        ModelFault.Unsuitable,
        $"model file {file} cannot be run by this ONNX Runtime: {exception.Message} Take a model that was exported for it.",
        exception);

    /// <summary>Runs the graph; a cancelled call stops inside the runtime, between two operators.</summary>
    /// <param name="shrinksArena">Whether the session's arena gives the memory of this run back.</param>
    public static IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession session,
        IReadOnlyCollection<string> inputNames,
        IReadOnlyCollection<OrtValue> inputs,
        IReadOnlyCollection<string> outputNames,
        CancellationToken cancellationToken,
        bool shrinksArena = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        if (shrinksArena)
            run.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
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
