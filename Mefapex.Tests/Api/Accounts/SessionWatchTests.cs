using Mefapex.Api.Accounts;
using Mefapex.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mefapex.Tests.Api.Accounts;

public sealed class SessionWatchTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_of_open_connections_are_asked_about_outside_of_any_request()
    {
        var sessions = api.Host.Services.GetRequiredService<LiveSessions>();
        var ended = sessions.WhenEndedAsync(Guid.NewGuid(), Cancellation);

        await sessions.AskAsync(Cancellation);

        await ended.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }
}
