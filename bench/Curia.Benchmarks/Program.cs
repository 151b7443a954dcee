using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(Curia.Benchmarks.KeyValueBenchmarks).Assembly).Run(args);
return 0;
