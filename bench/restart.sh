#!/usr/bin/env bash
# A ledger of many small writes: memory of the node with all of them, speed of `ledger verify`, time to start from it.
# Then three nodes: how long `./curia sandbox` takes until they are back with their data after a stop, and after kill -9
# of all three. Below 10 s is wanted; no test holds it to that, because other work on the machine would decide.
#   bench/restart.sh [--writes 1000000] [--in-flight 256] [--network-writes 20000]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark restart "$@"
