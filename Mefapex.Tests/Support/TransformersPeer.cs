using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Mefapex.Cli;
using Mefapex.Tests.Support;

[assembly: AssemblyFixture(typeof(TransformersPeer))]

namespace Mefapex.Tests.Support;

/// <summary>
/// transformers.js in a process of its own, installed by the first test that asks it. Where it cannot be, such a test
/// is skipped on a person's machine and fails where CI=true.
/// </summary>
public sealed class TransformersPeer : IAsyncLifetime
{
    private readonly SemaphoreSlim _gate = new(1);
    private TransformersJs? _installed;
    private string? _missing;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What a script of <c>eng/peer</c> answers to each request, one JSON object in a line.</summary>
    public async Task<IReadOnlyList<JsonElement>> AskAsync(string script, IReadOnlyList<string> requests)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var peer = await InstallAsync(cancellationToken);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(TransformersJs.Node!, [Path.Combine(peer.Folder, script)])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
                StandardOutputEncoding = Encoding.UTF8,
            },
        };
        process.Start();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var asking = AskAsync(process.StandardInput, requests);
        var answers = new List<JsonElement>();
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var answer = document.RootElement.Clone();
            if (answer.TryGetProperty("error", out var error))
                Assert.Fail($"{script} answered: {error}");
            answers.Add(answer);
        }

        await process.WaitForExitAsync(cancellationToken);
        answers.Count.ShouldBe(requests.Count, await errors);
        await asking;
        return answers;
    }

    /// <summary>A JSON string that keeps lone surrogates, which System.Text.Json replaces.</summary>
    public static string JsonOf(string text)
    {
        var json = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (c is < ' ' or '"' or '\\' or > '~')
                json.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
            else
                json.Append(c);
        }

        return json.Append('"').ToString();
    }

    private static async Task AskAsync(StreamWriter input, IReadOnlyList<string> requests)
    {
        await using (input)
        {
            foreach (var request in requests)
                await input.WriteLineAsync(request);
        }
    }

    private async Task<TransformersJs> InstallAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_installed is null && _missing is null)
            {
                var peer = new TransformersJs(
                    new Workspace(RepositoryRoot.Path),
                    new Terminal(TextWriter.Null, interactive: false, colour: false, TimeProvider.System));
                await peer.EnsureAsync(cancellationToken);
                _installed = peer;
            }
        }
        catch (SetupException exception)
        {
            _missing = $"transformers.js cannot be asked: {exception.Message} {exception.Remedy}";
        }
        finally
        {
            _gate.Release();
        }

        if (_missing is not null && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail($"{_missing} (required where CI=true)");
        Assert.SkipWhen(_missing is not null, _missing ?? "");
        return _installed!;
    }
}
