using System;
using Curia.Simulation;
using Curia.Simulation.Network;

string wrong = "";
return args switch
{
    ["run", .. string[] rest] when SeedOptions.TryParse(rest, out SeedOptions options, out wrong) =>
        options.Nodes == 1 ? new NodeSeeds(options).Execute() : new NetworkSeeds(options).Execute(),
    ["core", .. string[] rest] when SeedOptions.TryParse(rest, out SeedOptions options, out wrong) =>
        new CoreSeeds(options).Execute(),
    ["mutants", .. string[] which] when MutantsCommand.TryParse(which, out MutantsCommand command, out wrong) =>
        command.Execute(),
    ["scenario", string path] => ScenarioCommand.Execute(path),
    ["explore", .. string[] names] when ExploreCommand.TryParse(names, out var models, out wrong) =>
        ExploreCommand.Execute(models),
    _ => Usage(wrong),
};

static int Usage(string wrong)
{
    Console.Error.WriteLine(
        $"""
        {wrong} Usage:
          run {SeedOptions.Usage}
              whole networks of the real node; with --nodes 1 one node on a disk that lies
          core {SeedOptions.Usage}
              consensus alone
          mutants [node|network|core|search]
              each must be caught
          explore [small|MODEL]
              all that can happen in small networks; with small, in those that take seconds
          scenario FILE|DIR
              consensus alone, driven by text
        """.TrimStart());
    return 2;
}
