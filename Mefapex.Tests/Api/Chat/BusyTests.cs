using System.Net;
using Mefapex.Contracts.Chat;
using Mefapex.Tests.Support;

namespace Mefapex.Tests.Api.Chat;

public sealed class BusyTests(PatientApi api) : IClassFixture<PatientApi>
{
    private const int Questions = 40;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_works_on_many_questions_is_alive_ready_and_healthy()
    {
        List<Task<HttpResponseMessage>> asked;
        await using (await api.HoldAsync())
        {
            asked = [.. Enumerable.Range(0, Questions).Select(i =>
                api.Host.Anonymous.PostWireAsync("/chat", new ChatRequest($"Şifremi unuttum {i}")))];
            for (var i = 0; i < 10; i++)
            {
                foreach (var path in new[] { "/health/live", "/health/ready", "/health" })
                {
                    using var health = await api.Host.Anonymous.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
                    health.StatusCode.ShouldBe(HttpStatusCode.OK, path);
                }
            }

            asked.ShouldAllBe(question => !question.IsCompleted);
        }

        foreach (var question in asked)
        {
            using var answer = await question;
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }
}
