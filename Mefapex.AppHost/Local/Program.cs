using Mefapex.AppHost.Control;
using Mefapex.AppHost.Local;

return await HostCommand.TryRunAsync(args)
    ?? await LocalHost.RunAsync(quiet: args.Contains("--quiet", StringComparer.Ordinal));
