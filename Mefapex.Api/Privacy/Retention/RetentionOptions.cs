using Microsoft.Extensions.Options;

namespace Mefapex.Api.Privacy.Retention;

/// <summary>Section <c>Retention</c>.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>How often what is too old is looked for.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many rows one statement takes at most.</summary>
    public int Batch { get; init; } = 1000;

    /// <summary>Rest between two statements that found a whole batch.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Days by the names of <see cref="RetentionKinds"/>, in place of what stands there.</summary>
    public Dictionary<string, int> Days { get; init; } = new(StringComparer.Ordinal);

    /// <summary>For how long a kind is kept where its tenant says nothing else.</summary>
    public int DaysOf(RetentionKind kind) => Days.GetValueOrDefault(kind.Name, kind.DefaultDays);

    internal sealed class Validator : IValidateOptions<RetentionOptions>
    {
        public ValidateOptionsResult Validate(string? name, RetentionOptions options)
        {
            if (options.Interval < TimeSpan.FromMinutes(1) || options.Batch < 1 || options.Pause < TimeSpan.Zero)
            {
                return ValidateOptionsResult.Fail(
                    $"{Section}:Interval ({options.Interval}) must be a minute or more, {Section}:Batch ({options.Batch}) above zero, "
                    + $"{Section}:Pause ({options.Pause}) not below zero.");
            }

            var wrong = options.Days
                .Where(days => RetentionKinds.Find(days.Key)?.Allows(days.Value) is not true)
                .Select(days => RetentionKinds.Find(days.Key) is { } kind
                    ? $"{Section}:Days:{days.Key} ({days.Value}) must lie between {kind.LeastDays} and {RetentionKind.MostDays}."
                    : $"{Section}:Days:{days.Key} is unknown. There are {string.Join(", ", RetentionKinds.All.Select(k => k.Name))}.")
                .ToList();
            return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
        }
    }
}
