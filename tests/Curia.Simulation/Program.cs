using System;
using Curia.Simulation;

string wrong = "";
return args switch
{
    ["run", .. string[] options] when RunCommand.TryParse(options, out RunCommand run, out wrong) => run.Execute(),
    ["mutants"] => MutantsCommand.Execute(),
    _ => Usage(wrong),
};

static int Usage(string wrong)
{
    Console.Error.WriteLine($"{wrong} Usage: run [--seeds N] [--from N] [--faults all|none] | mutants".TrimStart());
    return 2;
}
