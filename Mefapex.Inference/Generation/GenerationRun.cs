using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Inference.Catalogue;
using Microsoft.Extensions.AI;
using Microsoft.ML.OnnxRuntimeGenAI;
using Tensor = Microsoft.ML.OnnxRuntimeGenAI.Tensor;

namespace Mefapex.Inference.Generation;

/// <summary>How one answer is to be made.</summary>
/// <param name="MaxTokens">Tokens to generate at most.</param>
/// <param name="TimeLimit">From the start of the prompt's reading.</param>
/// <param name="Sampling">Search options of ONNX Runtime GenAI by name, beside those of genai_config.json.</param>
/// <param name="Samples">Whether tokens are drawn by their probability; otherwise the most probable is taken; null
/// leaves it to genai_config.json.</param>
internal sealed record GenerationPlan(
    int MaxTokens,
    TimeSpan TimeLimit,
    IReadOnlyList<string> StopWords,
    IReadOnlyDictionary<string, double> Sampling,
    bool? Samples);

/// <summary>One answer in the making, with the runtime's objects for it. Used by one thread at a time.</summary>
internal sealed class GenerationRun : IDisposable
{
    /// <summary>Tokens of a prompt read at once: between the parts the time is looked at, and the logits of a part are all
    /// that has to be kept of it.</summary>
    internal const int PromptPart = 256;

    // What a timer can wait at most is some 49 days.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    private readonly GeneratorFolder _folder;
    private readonly GenerationPlan _plan;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly CancellationTokenSource _timeIsUp;
    private readonly int[] _prompt;
    private readonly int _maxTokens;
    private readonly AnswerQuality _quality = new();
    private readonly StopWords _stopWords;
    private readonly Parameters _parameters;
    private readonly Generator _generator;
    private readonly TokenizerStream _decoder;
    private int _read;

    public GenerationRun(
        Model model, Tokenizer tokenizer, GeneratorFolder folder, int[] prompt, GenerationPlan plan, TimeProvider time)
    {
        _folder = folder;
        _plan = plan;
        _time = time;
        _start = time.GetTimestamp();
        _prompt = prompt;
        _maxTokens = Math.Min(plan.MaxTokens, folder.ContextLength - prompt.Length);
        _stopWords = new StopWords(plan.StopWords);
        _parameters = new Parameters(model);
        try
        {
            // Beams cannot be streamed, and several answers were not asked for.
            _parameters.SetSearchOption("num_beams", 1);
            _parameters.SetSearchOption("num_return_sequences", 1);
            _parameters.SetSearchOption("batch_size", 1);
            _parameters.SetSearchOption("max_length", prompt.Length + _maxTokens);
            if (plan.Samples is { } samples)
                _parameters.SetSearchOption("do_sample", samples);
            foreach (var (name, value) in plan.Sampling)
                _parameters.SetSearchOption(name, value);

            // Left to itself the runtime asks the processor for 2.5 kB of entropy, which takes 15 ms and more.
            if (_parameters.GetSearchNumber("random_seed") < 0)
                _parameters.SetSearchOption("random_seed", RandomNumberGenerator.GetInt32(int.MaxValue));
            _generator = new Generator(model, _parameters);
            _decoder = tokenizer.CreateStream();
        }
        catch (OnnxRuntimeGenAIException exception)
        {
            _generator?.Dispose();
            _parameters.Dispose();
            throw Failed(exception);
        }

        _timeIsUp = new CancellationTokenSource(plan.TimeLimit < LongestTimer ? plan.TimeLimit : LongestTimer, time);
    }

    /// <summary>Why it ended; null while it has not.</summary>
    public ChatFinishReason? FinishReason { get; private set; }

    public double? Quality => _quality.Score;

    public UsageDetails Usage => new()
    {
        InputTokenCount = _prompt.Length,
        OutputTokenCount = _quality.Tokens,
        TotalTokenCount = _prompt.Length + _quality.Tokens,
    };

    /// <summary>The next text, whole characters only; null at the end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the runtime stops between two operators.</exception>
    /// <exception cref="ModelException">The model failed.</exception>
    public string? NextPiece(CancellationToken cancellationToken)
    {
        // After this the runtime throws whatever it is asked, and Generator.IsDone lets that end the process: not asked here.
        using var stop = cancellationToken.UnsafeRegister(Stop, _generator);
        using var stopInTime = _timeIsUp.Token.UnsafeRegister(Stop, _generator);
        try
        {
            ReadPrompt(cancellationToken);
            while (FinishReason is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Step() is { Length: > 0 } piece)
                    return piece;
            }
        }
        catch (OnnxRuntimeGenAIException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_timeIsUp.IsCancellationRequested)
                throw Failed(exception);
            FinishReason = FinishReasons.TimeLimit;
        }

        return _stopWords.Rest() is { Length: > 0 } rest ? rest : null;
    }

    /// <summary>All of the text.</summary>
    public string ReadAll(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        while (NextPiece(cancellationToken) is { } piece)
            text.Append(piece);
        return text.ToString();
    }

    public void Dispose()
    {
        _timeIsUp.Dispose();
        _decoder.Dispose();
        _generator.Dispose();
        _parameters.Dispose();
    }

    private static void Stop(object? generator) => ((Generator)generator!).SetRuntimeOption("terminate_session", "1");

    private string Step()
    {
        if (IsLate())
        {
            FinishReason = FinishReasons.TimeLimit;
            return "";
        }

        _generator.GenerateNextToken();
        var token = _generator.GetNextTokens()[0];
        Measure(token);
        if (_folder.EndTokens.Contains(token))
        {
            FinishReason = ChatFinishReason.Stop;
            return "";
        }

        var text = _stopWords.Add(_decoder.Decode(token));
        if (_stopWords.Found)
            FinishReason = ChatFinishReason.Stop;
        else if (_quality.Tokens >= _maxTokens)
            FinishReason = ChatFinishReason.Length;
        return text;
    }

    private bool IsLate() => _timeIsUp.IsCancellationRequested || _time.GetElapsedTime(_start) >= _plan.TimeLimit;

    /// <summary>Reads the prompt, its last token apart: so the runtime hands out the logits of one position and not of
    /// the whole prompt.</summary>
    private void ReadPrompt(CancellationToken cancellationToken)
    {
        while (_read < _prompt.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsLate())
            {
                FinishReason = FinishReasons.TimeLimit;
                _read = _prompt.Length;
                return;
            }

            var part = NextPart();
            _generator.AppendTokens(part);
            _read += part.Length;
        }
    }

    private ReadOnlySpan<int> NextPart()
    {
        var rest = _prompt.AsSpan(_read);
        var part = _folder.ReadsInParts && rest.Length > 1 ? rest[..Math.Min(PromptPart, rest.Length - 1)] : rest;

        // The runtime looks for a part's last token that is not padding and reads past the buffer where there is none.
        return part.ContainsAnyExcept(_folder.PadToken) ? part : part[..1];
    }

    private void Measure(int token)
    {
        using var logits = _generator.GetOutput(_folder.LogitsName);
        if (!_quality.Add(LastRow(logits, _folder.VocabularySize), token))
        {
            throw new ModelException(
                ModelFault.WrongOutput,
                $"model {_folder.Name} in {_folder.Path} gave probabilities that are not numbers; download or export it again.");
        }
    }

    private static ReadOnlySpan<float> LastRow(Tensor logits, int vocabulary)
    {
        switch (logits.Type())
        {
            case ElementType.float32:
                return logits.GetData<float>()[^vocabulary..];
            case ElementType.float16:
                var halves = new float[vocabulary];
                TensorPrimitives.ConvertToSingle(logits.GetData<Half>()[^vocabulary..], halves);
                return halves;
            default:
                // bfloat16, which the binding has no name for: the upper half of a float.
                var wide = new uint[vocabulary];
                var narrow = logits.GetData<ushort>()[^vocabulary..];
                for (var i = 0; i < narrow.Length; i++)
                    wide[i] = (uint)narrow[i] << 16;
                return MemoryMarshal.Cast<uint, float>(wide);
        }
    }

    private ModelException Failed(OnnxRuntimeGenAIException exception) => new(
        ModelFault.Unsuitable,
        $"model {_folder.Name} in {_folder.Path} failed while it generated: {exception.Message.Trim()} " +
        "Take a folder that was exported for this release of ONNX Runtime GenAI.",
        exception);

    /// <summary>The binding frees what it did not get when a constructor fails, which ends the process.</summary>
    private sealed class Parameters : GeneratorParams
    {
        private readonly bool _made;

        public Parameters(Model model)
            : base(model) => _made = true;

        protected override void Dispose(bool disposing)
        {
            if (_made)
                base.Dispose(disposing);
        }
    }
}
