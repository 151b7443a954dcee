#!/usr/bin/env bash
# What ./check leaves out of consensus because it takes minutes: every network of the search, the mutants that the
# search must find, and many seeds. For whoever changes the core or its checkers:
#   tests/consensus.sh [--seeds 20000]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/build/steps.sh"

usage='usage: tests/consensus.sh [--seeds 20000]'
seeds=20000
case ${1:-} in
  '') ;;
  -h | --help) printf '%s\n' "$usage"; exit 0 ;;
  --seeds) seeds=${2:-}; [[ $seeds =~ ^[1-9][0-9]*$ ]] || fail "--seeds takes a number" "$usage" 2 ;;
  *) fail "unknown argument '$1'" "$usage" 2 ;;
esac

simulation="artifacts/bin/Curia.Simulation/release/Curia.Simulation.dll"
broken=0

run() { # name, title, arguments...
  name=$1
  title=$2
  shift 2
  step "$name" "$title" dotnet "$simulation" "$@" || broken=1
  tail -n 20 "$step_log"
}

require_sdk
take_lock
step consensus-build "Simulation" dotnet build tests/Curia.Simulation --configuration Release ||
  { show_errors "$step_log"; exit 3; }
release_lock
run consensus-explore "All that can happen in small networks" explore
run consensus-search "Mutants that the search must find" mutants search
run consensus-seeds "Consensus alone, $seeds seeds" core --seeds "$seeds"
exit "$broken"
