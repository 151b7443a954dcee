# Shared by the scripts beside it: build the program under test and the runs, then start one. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

run_benchmark() { # verb, arguments...
  (cd "$root" && ./curia --version >/dev/null &&
    dotnet build bench/Curia.Benchmarks --configuration Release --nologo --verbosity quiet >&2)
  exec dotnet "$root/artifacts/bin/Curia.Benchmarks/release/Curia.Benchmarks.dll" "$@"
}

# The reference, where it can be installed.
install_etcd() {
  if ! command -v etcd >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    . "$root/build/steps.sh"
    mkdir -p "$logs"
    step bench-etcd "etcd (apt-get install etcd-server)" \
      bash -c "apt-get update && apt-get install -y --no-install-recommends etcd-server" ||
      tail -n 5 "$step_log" >&2
    # The package starts a service of its own, which would hold the ports and a core.
    if command -v systemctl >/dev/null 2>&1; then systemctl stop etcd 2>/dev/null || true; fi
  fi
}
