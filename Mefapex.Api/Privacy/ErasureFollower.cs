using Mefapex.Api.Knowledge;
using Mefapex.Api.Knowledge.Answers;
using Mefapex.Api.Knowledge.Review;

namespace Mefapex.Api.Privacy;

/// <summary>Drops what this replica keeps of questions in memory when somebody was erased, here or at another replica.</summary>
internal sealed class ErasureFollower(KnowledgeChanges changes, AnswerCache answers, QuestionVectorCache vectors) : IHostedService
{
    private IDisposable? _subscription;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = changes.Subscribe(Follow);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    private void Follow(KnowledgeChange change)
    {
        if (!change.Erased)
            return;
        answers.Clear(change.TenantId);
        vectors.Clear();
    }
}
