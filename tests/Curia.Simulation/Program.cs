using System;
using System.Globalization;
using Curia.Simulation;

return args switch
{
    ["run", .. string[] options] when RunCommand.TryParse(options, out RunCommand? run, out _) => run!.Execute(),
    ["mutants"] => MutantsCommand.Execute(),
    _ => Usage(args),
};

static int Usage(string[] args)
{
    string wrong = args is ["run", .. string[] options] && !RunCommand.TryParse(options, out _, out string problem) ? problem + "\n" : "";
    Console.Error.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{wrong}Usage: run [--seeds N] [--from N] [--faults all|none] | mutants"));
    return 2;
}
