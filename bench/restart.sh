#!/usr/bin/env bash
# A ledger of many small writes: memory of the node with all of them, speed of `ledger verify`, time to start from it.
#   bench/restart.sh [--writes 1000000] [--in-flight 256]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark restart "$@"
