# Shared by the scripts beside it: build the program under test and the runs, then start one. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

run_benchmark() { # verb, arguments...
  (cd "$root" && ./curia --version >/dev/null &&
    dotnet build bench/Curia.Benchmarks --configuration Release --nologo --verbosity quiet >&2)
  exec dotnet "$root/artifacts/bin/Curia.Benchmarks/release/Curia.Benchmarks.dll" "$@"
}
