using System.Globalization;
using Mefapex.Inference.Catalogue;

namespace Mefapex.Inference.Serving;

/// <summary>What models may take of the process's memory.</summary>
public sealed record MemoryBudgetOptions
{
    /// <summary>Bytes that the whole process may take; zero for what container and machine allow.</summary>
    public long ProcessBytes { get; init; }

    /// <summary>Bytes that the files of one model may have; zero for what the process has left.</summary>
    public long ModelBytes { get; init; }

    /// <summary>Refuses to load models larger than <see cref="LargeModelBytes"/>.</summary>
    public bool Emergency { get; init; }

    /// <summary>From this size on a model is large.</summary>
    public long LargeModelBytes { get; init; } = 64 * 1024 * 1024;
}

/// <summary>Decides before a model is loaded whether there is room for it.</summary>
public sealed class MemoryBudget
{
    private const double Mebibyte = 1024 * 1024;

    private readonly MemoryBudgetOptions _options;
    private readonly Func<long> _resident;
    private long _reserved;

    /// <summary>A budget of this process.</summary>
    public MemoryBudget(MemoryBudgetOptions options)
        : this(options, static () => Environment.WorkingSet)
    {
    }

    internal MemoryBudget(MemoryBudgetOptions options, Func<long> resident)
    {
        _options = options;
        _resident = resident;
        Limit = options.ProcessBytes > 0 ? Math.Min(options.ProcessBytes, MemoryLimits.OfProcess()) : MemoryLimits.OfProcess();
    }

    /// <summary>Bytes that the process may take.</summary>
    public long Limit { get; }

    /// <summary>Whether large models are refused.</summary>
    public bool Emergency => _options.Emergency;

    /// <summary>Bytes of the process that are in physical memory.</summary>
    public long Resident => _resident();

    /// <summary>Bytes of the files of models that are being loaded.</summary>
    internal long Reserved => Interlocked.Read(ref _reserved);

    /// <summary>Claims room while a model is loaded; what is loaded counts as resident afterwards.</summary>
    /// <param name="bytes">Of the model's files; the model takes at least as much.</param>
    /// <exception cref="ModelException">It does not fit.</exception>
    /// <exception cref="ModelUnavailableException">It is large and this is an emergency.</exception>
    internal Reservation Reserve(string kind, long bytes)
    {
        if (_options.Emergency && bytes > _options.LargeModelBytes)
        {
            throw new ModelUnavailableException(
                kind,
                ModelUnavailability.Emergency,
                $"The {kind} model of {Mib(bytes)} MiB is not loaded in emergency mode, which allows up to " +
                $"{Mib(_options.LargeModelBytes)} MiB for each (EMERGENCY_MODE, Models:LargeModelMb).");
        }

        if (_options.ModelBytes > 0 && bytes > _options.ModelBytes)
        {
            throw new ModelException(
                ModelFault.TooLarge,
                $"its files have {Mib(bytes)} MiB and one model may have {Mib(_options.ModelBytes)} MiB; raise " +
                "Models:MaxModelMb or take a smaller model.");
        }

        var reserved = Interlocked.Add(ref _reserved, bytes) - bytes;
        var resident = Resident;
        if (bytes <= Limit - resident - reserved)
            return new Reservation(this, bytes);

        Interlocked.Add(ref _reserved, -bytes);
        throw new ModelException(
            ModelFault.TooLarge,
            $"its files have {Mib(bytes)} MiB and the process has {Mib(Math.Max(0, Limit - resident - reserved))} MiB left: " +
            $"{Mib(Limit)} MiB allowed, {Mib(resident)} MiB resident, {Mib(reserved)} MiB being loaded; raise the " +
            "container's limit or Models:MemoryLimitMb, or take a smaller model.");
    }

    private static string Mib(long bytes) => (bytes / Mebibyte).ToString("0.#", CultureInfo.InvariantCulture);

    internal sealed class Reservation(MemoryBudget budget, long bytes) : IDisposable
    {
        public void Dispose() => Interlocked.Add(ref budget._reserved, -bytes);
    }
}
