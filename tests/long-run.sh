#!/usr/bin/env bash
# Networks of real processes under faults chosen by chance, for long: tests/long-run.sh [--minutes 20] [--seed N]
# [--nodes "3 5"] [--faults "NAME NAME"]. Root only. The minutes are shared by the sizes; each begins a network of its
# own. Writes bench/results/DATE-live-COMMIT.md. With --faults these happen once each, in this order.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

minutes=20
seed=$((RANDOM * 32768 + RANDOM))
sizes="3 5"
faults=
usage='usage: tests/long-run.sh [--minutes 20] [--seed N] [--nodes "3 5"] [--faults "NAME NAME"]'
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) printf '%s\n' "$usage"; exit 0 ;;
    --minutes | --seed | --nodes | --faults)
      if [ $# -lt 2 ]; then printf '%s\n' "$usage" >&2; exit 2; fi
      case $1 in
        --minutes) minutes=$2 ;;
        --seed) seed=$2 ;;
        --nodes) sizes=$2 ;;
        --faults) faults=$2 ;;
      esac
      shift 2 ;;
    *) printf '%s\n' "$usage" >&2; exit 2 ;;
  esac
done

if [ "$(id -u)" -ne 0 ]; then
  printf 'tests/long-run.sh makes network namespaces, which root only may do.\n' >&2
  exit 3
fi
if ! command -v ip >/dev/null 2>&1; then
  if ! command -v apt-get >/dev/null 2>&1 ||
    ! { apt-get update && apt-get install -y --no-install-recommends iproute2; } >/dev/null 2>&1; then
    printf 'The program ip is not there and cannot be installed: install the package iproute2.\n' >&2
    exit 3
  fi
fi

dotnet build tests/Curia.EndToEnd --configuration Release -verbosity:quiet
dotnet build apps/logging.Image --configuration Release -verbosity:quiet
mkdir -p artifacts/live
commit=$(git rev-parse --short HEAD)
page="bench/results/$(date +%F)-live-$commit.md"
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
count=$(printf '%s\n' $sizes | wc -l)
began=$SECONDS
failed=0
for size in $sizes; do
  printf '\n%s nodes, seed %s\n' "$size" "$seed"
  if [ -n "$faults" ]; then export CURIA_LIVE_FAULTS=$faults; else export CURIA_LIVE_MINUTES=$((minutes / count)); fi
  CURIA_LIVE_SEED=$seed CURIA_LIVE_NODES=$size CURIA_LIVE_REPORT="$parts/$size" \
    dotnet artifacts/bin/Curia.EndToEnd/release/Curia.EndToEnd.dll -noLogo -noColor -showliveoutput \
    -class Curia.EndToEnd.Live.NetworkFaultTests || failed=1
done

{
  printf '# Networks under faults\n\n'
  printf '%s\n' "\`tests/long-run.sh\` on commit $commit, seed $seed, $((SECONDS - began)) s; $(nproc) cores," \
    "$(awk '/MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr), .NET $(dotnet --version)." \
    "Load of the machine at the end: $(cut -d ' ' -f 1-3 /proc/loadavg). Times in seconds: the mean of how long" \
    "it lasted, then the longest. Two clients for each node, each with one request at a time."
  for size in $sizes; do
    printf '\n'
    if [ -s "$parts/$size" ]; then cat "$parts/$size"; else printf '## %s nodes: no result\n' "$size"; failed=1; fi
  done
} >"$page"
printf '\nWritten to %s\n' "$page"
exit "$failed"
