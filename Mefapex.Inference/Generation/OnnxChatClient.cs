using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mefapex.Inference.Catalogue;
using Mefapex.Inference.Onnx;
using Mefapex.Inference.Serving;
using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace Mefapex.Inference.Generation;

/// <summary>
/// A language model in a folder of ONNX Runtime GenAI's layout (see <see cref="GeneratorFolder"/>) on the CPU of this
/// machine. May be called from many threads; <see cref="OnnxChatClientOptions.MaxConcurrent"/> of them generate at once.
/// <para>
/// Messages become a prompt by the model's chat template. A model without one gets the messages' texts in their order
/// with an empty line between them, and no roles.
/// </para>
/// <para>
/// Read of <see cref="ChatOptions"/>: Instructions, MaxOutputTokens, StopSequences, Temperature, TopP, TopK, Seed. With
/// temperature 0 or TopK 1 the most probable token is always taken; any other temperature, TopP or TopK samples; where
/// none is given genai_config.json decides. Tools, JSON formats and penalties are refused and not ignored.
/// </para>
/// <para>
/// A response, and the last update of a stream, carries the finish reason (see <see cref="FinishReasons"/>), the usage
/// and under <see cref="QualityScore"/> how sure the model was: exp((1/n) Σ log p(tᵢ)) over the n generated tokens, the
/// geometric mean of their probabilities by the model's own logits at temperature 1, above 0 and at most 1.
/// </para>
/// </summary>
public sealed class OnnxChatClient : IChatClient
{
    /// <summary>Key of <c>AdditionalProperties</c> whose value is a <see cref="double"/>.</summary>
    public const string QualityScore = "quality_score";

    private readonly OnnxChatClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ChatClientMetadata _metadata;
    private readonly GenerationSlots _slots;
    private readonly Model _model;
    private readonly CarefulTokenizer _tokenizer;
    private readonly Lock _tokenizing = new();
    private readonly Lock _life = new();
    private int _calls;
    private int _liveGenerators;
    private bool _disposed;

    static OnnxChatClient() => NativeHeap.ReturnFreedMemory();

    private OnnxChatClient(GeneratorFolder folder, OnnxChatClientOptions options, TimeProvider time)
    {
        Folder = folder;
        _options = options;
        _time = time;
        _metadata = new ChatClientMetadata("mefapex", null, folder.Name);
        _slots = new GenerationSlots(options.MaxConcurrent, options.MaxQueued, options.MaxWait, time);
        try
        {
            Utils.DisableTelemetryEvents();
            using var configuration = new Config(folder.Path);
            configuration.Overlay(SessionOptions(options));
            _model = new Model(configuration);
            _tokenizer = new CarefulTokenizer(_model);
        }
        catch (OnnxRuntimeGenAIException exception)
        {
            _model?.Dispose();
            _slots.Dispose();
            throw Unloadable(folder, exception);
        }
        catch (DllNotFoundException exception)
        {
            _slots.Dispose();
            throw new ModelException(
                ModelFault.Unsuitable,
                $"the model in {folder.Path} cannot be run: ONNX Runtime GenAI has no library for this machine: " +
                $"{exception.Message} Run the AI service on one that it is made for.",
                exception);
        }
    }

    /// <summary>What the model's folder says of it.</summary>
    public GeneratorFolder Folder { get; }

    /// <summary>The same in the form of the bundled models, with the hash of the decoder's graph. What such a folder does
    /// not say is <c>unknown</c>.</summary>
    public ModelManifest Manifest { get; private set; } = null!;

    /// <summary>Generators of the runtime that exist now: at most one for each answer in the making.</summary>
    public int LiveGenerators => Volatile.Read(ref _liveGenerators);

    /// <summary>Loads the model of a folder and generates one token with it, so that what cannot work fails here.</summary>
    /// <exception cref="ModelException">A file is missing or damaged, the files do not fit together, the runtime does not
    /// know the type of model, or the model computes no probabilities.</exception>
    public static OnnxChatClient Load(string folder, OnnxChatClientOptions? options = null, TimeProvider? time = null)
    {
        var client = new OnnxChatClient(
            GeneratorFolder.Open(folder, options?.Name), options ?? new OnnxChatClientOptions(), time ?? TimeProvider.System);
        try
        {
            client.Verify();
            client.Manifest = ManifestOf(client.Folder);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ModelBusyException">All slots are taken and the wait is too long.</exception>
    /// <exception cref="PromptTooLongException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="PromptRefusedException">The messages are empty, or the chat template refuses them.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the runtime's generator is gone by then.</exception>
    /// <exception cref="ModelException">The model failed.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var plan = PlanOf(options);
        var entered = await EnterAsync(cancellationToken);
        try
        {
            return await Task.Run(
                () =>
                {
                    var run = Begin(messages, options, plan);
                    try
                    {
                        var text = run.ReadAll(cancellationToken);
                        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text))
                        {
                            ResponseId = NewId(),
                            ModelId = Folder.Name,
                            CreatedAt = _time.GetUtcNow(),
                            FinishReason = run.FinishReason,
                            Usage = run.Usage,
                            AdditionalProperties = PropertiesOf(run),
                        };
                    }
                    finally
                    {
                        End(run);
                    }
                },
                CancellationToken.None);
        }
        finally
        {
            Leave(entered);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Every piece is made of whole characters. Leaving the enumeration frees the runtime's generator, as
    /// cancelling it does. Errors are those of <see cref="GetResponseAsync"/>.</remarks>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var plan = PlanOf(options);
        var entered = await EnterAsync(cancellationToken);
        GenerationRun? run = null;
        try
        {
            run = await Task.Run(() => Begin(messages, options, plan), CancellationToken.None);
            var id = NewId();
            var created = _time.GetUtcNow();
            while (await Task.Run(() => run.NextPiece(cancellationToken), CancellationToken.None) is { } piece)
                yield return Update([new TextContent(piece)]);

            var last = Update([new UsageContent(run.Usage)]);
            last.FinishReason = run.FinishReason;
            last.AdditionalProperties = PropertiesOf(run);
            yield return last;

            ChatResponseUpdate Update(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = Folder.Name,
                CreatedAt = created,
            };
        }
        finally
        {
            if (run is not null)
                End(run);
            Leave(entered);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return _metadata;
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Takes no further calls. The model's memory is freed when the calls under way have ended.</summary>
    public void Dispose()
    {
        lock (_life)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_calls > 0)
                return;
        }

        Free();
    }

    private async Task<long> EnterAsync(CancellationToken cancellationToken)
    {
        lock (_life)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _calls++;
        }

        try
        {
            return await _slots.EnterAsync(cancellationToken);
        }
        catch
        {
            Count(-1);
            throw;
        }
    }

    private void Leave(long entered)
    {
        _slots.Leave(entered);
        Count(-1);
    }

    private void Count(int calls)
    {
        lock (_life)
        {
            _calls += calls;
            if (_calls > 0 || !_disposed)
                return;
        }

        Free();
    }

    private void Free()
    {
        _tokenizer.Dispose();
        _model.Dispose();
        _slots.Dispose();
    }

    private GenerationRun Begin(IEnumerable<ChatMessage> messages, ChatOptions? options, GenerationPlan plan)
    {
        if (options?.Instructions is { Length: > 0 } instructions)
            messages = messages.Prepend(new ChatMessage(ChatRole.System, instructions));

        // One at a time: the runtime promises nothing about its tokenizer.
        int[] prompt;
        lock (_tokenizing)
            prompt = ChatPrompt.Tokens(_tokenizer, Folder, messages);
        return Begin(prompt, plan);
    }

    private GenerationRun Begin(int[] prompt, GenerationPlan plan)
    {
        var run = new GenerationRun(_model, _tokenizer, Folder, prompt, plan, _time);
        Interlocked.Increment(ref _liveGenerators);
        return run;
    }

    private void End(GenerationRun run)
    {
        run.Dispose();
        Interlocked.Decrement(ref _liveGenerators);
    }

    private void Verify()
    {
        int[] prompt = [Folder.BeginToken >= 0 && Folder.BeginToken < Folder.VocabularySize ? Folder.BeginToken : 0];
        var run = Begin(prompt, PlanOf(new ChatOptions { MaxOutputTokens = 1, Temperature = 0 }));
        try
        {
            run.ReadAll(CancellationToken.None);
        }
        finally
        {
            End(run);
        }
    }

    private GenerationPlan PlanOf(ChatOptions? options)
    {
        RefuseWhatIsNotThere(options);
        var sampling = new Dictionary<string, double>(StringComparer.Ordinal);
        if (options?.Temperature is > 0 and var temperature)
            sampling["temperature"] = temperature;
        if (options?.TopP is { } topP)
            sampling["top_p"] = topP;
        if (options?.TopK is { } topK)
            sampling["top_k"] = Math.Min(topK, Folder.VocabularySize);
        bool? samples = sampling.Count > 0 ? true : null;
        if (options is { Temperature: 0 } or { TopK: 1 })
            samples = false;
        if (options?.Seed is { } seed)
            sampling["random_seed"] = seed & int.MaxValue;
        return new GenerationPlan(
            options?.MaxOutputTokens ?? _options.DefaultMaxTokens,
            _options.TimeLimit,
            options?.StopSequences is { } words ? [.. words] : [],
            sampling,
            samples);
    }

    private static void RefuseWhatIsNotThere(ChatOptions? options)
    {
        if (options is null)
            return;
        if (options.Tools is { Count: > 0 })
            throw new NotSupportedException("This client calls no tools; leave ChatOptions.Tools out.");
        if (options.ResponseFormat is ChatResponseFormatJson)
            throw new NotSupportedException("This client cannot promise JSON; leave ChatOptions.ResponseFormat out.");
        if (options is { FrequencyPenalty: not (null or 0) } or { PresencePenalty: not (null or 0) })
            throw new NotSupportedException("This client has no frequency and presence penalty; leave them out.");
        Require(options.MaxOutputTokens is null or >= 1, "MaxOutputTokens", options.MaxOutputTokens, "1 or more");
        Require(options.Temperature is null or >= 0 and <= 100, "Temperature", options.Temperature, "0 to 100");
        Require(options.TopP is null or > 0 and <= 1, "TopP", options.TopP, "above 0, at most 1");
        Require(options.TopK is null or >= 1, "TopK", options.TopK, "1 or more");
    }

    private static void Require(bool holds, string name, object? value, string range)
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }

    /// <summary>No arenas that keep what they once took, no threads that spin; errors are thrown, not printed.</summary>
    private static string SessionOptions(OnnxChatClientOptions options)
    {
        var session = new JsonObject
        {
            ["enable_cpu_mem_arena"] = false,
            ["log_severity_level"] = 4,
            ["session.intra_op.allow_spinning"] = "0",
            ["session.inter_op.allow_spinning"] = "0",
        };
        if (options.IntraOpThreads > 0)
            session["intra_op_num_threads"] = options.IntraOpThreads;
        return new JsonObject
        {
            ["model"] = new JsonObject { ["decoder"] = new JsonObject { ["session_options"] = session } },
        }.ToJsonString();
    }

    private static ModelException Unloadable(GeneratorFolder folder, OnnxRuntimeGenAIException exception)
    {
        var cause = exception.Message.Trim();
        var damaged = cause.Contains("parse", StringComparison.OrdinalIgnoreCase) ||
            cause.Contains("Protobuf", StringComparison.Ordinal);
        return new ModelException(
            damaged ? ModelFault.Damaged : ModelFault.Unsuitable,
            damaged
                ? $"a file of the model in {folder.Path} is damaged: {cause} Download or export the folder again."
                : $"the model in {folder.Path} (type {folder.ModelType}) cannot be run by this ONNX Runtime GenAI: {cause} " +
                "Take a folder that was exported for it.",
            exception);
    }

    private static AdditionalPropertiesDictionary? PropertiesOf(GenerationRun run) =>
        run.Quality is { } quality ? new AdditionalPropertiesDictionary { [QualityScore] = quality } : null;

    private static ModelManifest ManifestOf(GeneratorFolder folder)
    {
        const string unknown = "unknown";
        var file = new FileInfo(Path.Combine(folder.Path, folder.DecoderFile));
        using var stream = file.OpenRead();
        return new ModelManifest
        {
            Name = folder.Name,
            Version = unknown,
            Task = ModelTasks.TextGeneration,
            Languages = [],
            File = file.Name,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(stream)),
            Bytes = file.Length,
            TrainingData = unknown,
            Licence = unknown,
        };
    }

    private static string NewId() => $"gen-{Guid.NewGuid():N}";

    /// <summary>The binding frees what it did not get when a constructor fails, which ends the process.</summary>
    private sealed class CarefulTokenizer : Tokenizer
    {
        private readonly bool _made;

        public CarefulTokenizer(Model model)
            : base(model) => _made = true;

        protected override void Dispose(bool disposing)
        {
            if (_made)
                base.Dispose(disposing);
        }
    }
}
