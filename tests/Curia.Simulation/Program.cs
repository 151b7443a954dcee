using System;
using Curia.Simulation;
using Curia.Simulation.Network;

string wrong = "";
return args switch
{
    ["run", .. string[] options] when RunCommand.TryParse(options, out RunCommand run, out wrong) => run.Execute(),
    ["networks", .. string[] options] when NetworksCommand.TryParse(options, out var run, out wrong) => run.Execute(),
    ["mutants"] => MutantsCommand.Execute(),
    ["scenario", string path] => ScenarioCommand.Execute(path),
    _ => Usage(wrong),
};

static int Usage(string wrong)
{
    const string Commands = "run [--seeds N] [--from N] [--faults all|none] | mutants | scenario FILE|DIR";
    Console.Error.WriteLine($"{wrong} Usage: {Commands}".TrimStart());
    return 2;
}
