using System.Runtime.InteropServices;
using Mefapex.Bench.Chat;
using Mefapex.Bench.Embed;
using Mefapex.Bench.Generate;
using Mefapex.Bench.Measuring;
using Mefapex.Bench.SignIn;
using Mefapex.Bench.Soak;
using Mefapex.Bench.Vectors;
using Spectre.Console;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var console = AnsiConsole.Console;
if (Console.IsOutputRedirected)
{
    console.Profile.Width = 200;
    console.Profile.Capabilities.Ansi = false;
}

try
{
    var options = new Options(args.Skip(1));
    return args.FirstOrDefault() switch
    {
        "chat" => await ChatBenchmark.RunAsync(options, console, stop.Token),
        "embed" => await EmbedBenchmark.RunAsync(options, console, stop.Token),
        "generate" => await GenerateBenchmark.RunAsync(options, console, stop.Token),
        "sign-in" => await SignInBenchmark.RunAsync(options, console, stop.Token),
        "soak" => await SoakBenchmark.RunAsync(options, console, stop.Token),
        "vectors" => await VectorBenchmark.RunAsync(options, console, stop.Token),
        var name => throw new BenchException($"There is no benchmark '{name}': say chat, embed, generate, sign-in, soak or vectors."),
    };
}
catch (BenchException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
