using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using Mefapex.Api.Data;
using Mefapex.Api.Knowledge.Search;
using Mefapex.Contracts.Chat;
using Mefapex.Inference.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Mefapex.Api.Knowledge.Review;

/// <summary>
/// Groups the questions that were declined or whose answer did not help by what they mean. The most asked wording leads a
/// group and takes in what is near enough to it, so that the same questions always give the same groups.
/// </summary>
internal sealed class Unanswered(MefapexDb db, QuestionVectors vectors, IOptions<ReviewOptions> options, TimeProvider time)
{
    /// <summary>The newest of a tenant that are looked at.</summary>
    private const int Most = 5000;

    /// <summary>Most asked first, then by people and by the last time.</summary>
    public async Task<IReadOnlyList<UnansweredQuestions>> GroupsAsync(Guid tenantId, int days, CancellationToken cancellationToken)
    {
        var gaps = await db.KnowledgeGaps.AsNoTracking().Where(g => g.TenantId == tenantId).ToListAsync(cancellationToken);
        var wordings = await WordingsAsync(tenantId, days, gaps, cancellationToken);
        var dismissed = gaps.Where(g => g.Verdict == KnowledgeGap.Dismissed).OrderBy(g => g.Folded, StringComparer.Ordinal).ToList();
        var texts = dismissed.Select(g => g.Question).Concat(wordings.Select(w => w.Question)).ToList();
        var made = await vectors.OfAsync(tenantId, texts, cancellationToken);
        var points = texts.Select((text, i) => new Point(text, made?[i].Values)).ToList();

        // What was dismissed leads groups that are not shown: it takes in other wordings of the same.
        var leaders = dismissed.Select((_, i) => (Point: points[i], Group: (UnansweredQuestions?)null)).ToList();
        for (var i = 0; i < wordings.Count; i++)
        {
            var point = points[dismissed.Count + i];
            var nearest = leaders.Count == 0 ? default : leaders.Select(l => (l.Group, l.Point, Near: Nearness(l.Point, point))).MaxBy(l => l.Near);
            if (nearest.Point is not null && nearest.Near >= 1)
                nearest.Group?.Wordings.Add(wordings[i]);
            else
                leaders.Add((point, new UnansweredQuestions([wordings[i]])));
        }

        return
        [
            .. leaders.Select(l => l.Group).OfType<UnansweredQuestions>()
                .OrderByDescending(g => g.Count)
                .ThenByDescending(g => g.Askers)
                .ThenByDescending(g => g.LastAskedAt)
                .ThenBy(g => g.Key, StringComparer.Ordinal),
        ];
    }

    private async Task<List<Wording>> WordingsAsync(Guid tenantId, int days, List<KnowledgeGap> gaps, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow().AddDays(-days);
        var asked = await (
            from e in db.Exchanges.AsNoTracking()
            join f in db.Feedback on e.Id equals f.ExchangeId into given
            from f in given.DefaultIfEmpty()
            where e.TenantId == tenantId && e.AskedAt >= since && (e.Decision == Decision.Decline || (f != null && !f.Helpful))
            orderby e.AskedAt descending, e.Id descending
            select new { e.Question, e.Understood, e.Language, e.UserId, e.AskedAt, e.Sources, NotHelpful = f != null && !f.Helpful })
            .Take(Most)
            .ToListAsync(cancellationToken);
        var drafted = gaps.Where(g => g.Verdict == KnowledgeGap.Drafted).ToDictionary(g => g.Folded, StringComparer.Ordinal);
        return
        [
            .. asked
                .Select(a => (Asked: a, Text: a.Understood ?? a.Question))
                .Select(a => (a.Asked, a.Text, Folded: FoldedText.Of(a.Text, a.Asked.Language).Key))
                .Where(a => a.Folded.Length > 0 && !(drafted.TryGetValue(a.Folded, out var gap) && a.Asked.AskedAt <= gap.DecidedAt))
                .GroupBy(a => a.Folded, StringComparer.Ordinal)
                .Select(same => new Wording(
                    same.Key,
                    same.First().Text,
                    same.First().Asked.Language,
                    same.Count(),
                    same.Count(a => a.Asked.NotHelpful),
                    [.. same.Select(a => a.Asked.UserId).Distinct()],
                    same.Max(a => a.Asked.AskedAt),
                    same.First().Asked.Sources.Count > 0 ? same.First().Asked.Sources[0] : null,
                    drafted.GetValueOrDefault(same.Key)?.EntryId))
                .OrderByDescending(w => w.Count)
                .ThenBy(w => w.Folded, StringComparer.Ordinal),
        ];
    }

    /// <summary>1 and more means the same.</summary>
    private double Nearness(Point a, Point b)
    {
        var words = GramCosine(a, b) / options.Value.SameWords;
        return a.Vector is { } left && b.Vector is { } right
            ? Math.Max(TensorPrimitives.Dot(left, right) / options.Value.SameQuestion, words >= 1.5 ? words : 0)
            : words;
    }

    private static double GramCosine(Point a, Point b)
    {
        var dot = a.Grams.Sum(g => (double)g.Value * b.Grams.GetValueOrDefault(g.Key));
        return dot == 0 ? 0 : dot / (a.Norm * b.Norm);
    }

    private sealed class Point(string text, float[]? vector)
    {
        public float[]? Vector => vector;

        public Dictionary<int, int> Grams { get; } = CharacterGrams.Of(FoldedText.Of(text).Key);

        public double Norm => _norm ??= Math.Sqrt(Grams.Values.Sum(count => (double)count * count));

        private double? _norm;
    }
}

/// <summary>One way in which a question was asked.</summary>
/// <param name="Nearest">The topic that was nearest when it was asked last.</param>
/// <param name="EntryId">The entry that was begun for it before it was asked again.</param>
internal sealed record Wording(
    string Folded,
    string Question,
    string Language,
    int Count,
    int NotHelpful,
    IReadOnlyList<Guid> Askers,
    DateTimeOffset LastAskedAt,
    AnswerSource? Nearest,
    string? EntryId);

/// <summary>Questions that mean the same, the one that leads them first.</summary>
internal sealed record UnansweredQuestions(List<Wording> Wordings)
{
    /// <summary>Stays the same as long as the same wording leads.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Wordings[0].Folded)).AsSpan(0, 8));

    public int Count => Wordings.Sum(w => w.Count);

    public int Askers => Wordings.SelectMany(w => w.Askers).Distinct().Count();

    public DateTimeOffset LastAskedAt => Wordings.Max(w => w.LastAskedAt);
}
