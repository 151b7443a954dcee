using Curia.Cli;

return await CommandLine.RunAsync(args).ConfigureAwait(false);
