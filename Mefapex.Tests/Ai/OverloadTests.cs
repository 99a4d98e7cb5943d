using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Mefapex.Contracts.Health;

namespace Mefapex.Tests.Ai;

public sealed class OverloadTests
{
    private const string Body = """{"text":"izin"}""";

    [Fact]
    public async Task Beyond_workers_and_queue_a_request_gets_429_at_once_and_the_others_are_served()
    {
        await using var service = await AiService.StartOnKestrelAsync(
            ("Models:MaxConcurrentRequests", "1"), ("Models:MaxQueuedRequests", "1"));
        using var client = service.CreateClient();

        // One request holds the only worker while its body is awaited, one waits; whichever comes third is refused.
        var requests = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => HalfRequest.SendAsync(client.BaseAddress!)));
        var answers = requests.Select(request => request.ReadAsync()).ToList();
        var refused = await Task.WhenAny(answers);
        var text = await refused;
        text.ShouldStartWith("HTTP/1.1 429");
        text.ShouldContain("Retry-After: 1");
        text.ShouldContain("urn:mefapex:problem:busy");
        (await AiService.GetAsync<Readiness>(client, "/health/ready")).Status.ShouldBe("healthy");

        for (var i = 0; i < requests.Length; i++)
        {
            if (answers[i] != refused)
                await requests[i].FinishAsync();
        }

        foreach (var answer in answers.Where(answer => answer != refused))
            (await answer).ShouldStartWith("HTTP/1.1 200");
        foreach (var request in requests)
            request.Dispose();
    }

    [Fact]
    public async Task A_flood_is_served_or_refused_and_nothing_hangs()
    {
        await using var service = await AiService.StartOnKestrelAsync(("Models:MaxQueuedRequests", "8"));
        using var client = service.CreateClient();

        var responses = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => client.PostAsJsonAsync(
            "/embedding", new { text = "izin" }, TestContext.Current.CancellationToken)));

        responses.Select(response => response.StatusCode)
            .ShouldBeSubsetOf([HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        responses.ShouldContain(response => response.StatusCode == HttpStatusCode.OK);
        foreach (var response in responses)
            response.Dispose();
    }

    /// <summary>A request whose body comes when it is told to.</summary>
    private sealed class HalfRequest(TcpClient connection) : IDisposable
    {
        public static async Task<HalfRequest> SendAsync(Uri address)
        {
            var request = new HalfRequest(new TcpClient());
            await request.WriteAsync(address);
            return request;
        }

        public async Task FinishAsync() =>
            await connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(Body), TestContext.Current.CancellationToken);

        /// <summary>The answer up to its last chunk.</summary>
        public async Task<string> ReadAsync()
        {
            var text = new StringBuilder();
            var buffer = new byte[4096];
            while (!text.ToString().EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
            {
                var read = await connection.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
                if (read == 0)
                    break;
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }

            return text.ToString();
        }

        public void Dispose() => connection.Dispose();

        private async Task WriteAsync(Uri address)
        {
            await connection.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            var head = $"POST /embedding HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n" +
                $"Content-Length: {Body.Length}\r\nConnection: close\r\n\r\n";
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        }
    }
}
