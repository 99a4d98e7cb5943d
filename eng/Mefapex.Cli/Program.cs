return await Mefapex.Cli.CommandLine.RunAsync(args);
