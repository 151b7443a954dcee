#!/usr/bin/env bash
# A fourth node joins three that hold many entries and are under load: how long it takes, and what it costs the others.
#   bench/join.sh [--entries 1000000] [--in-flight 256]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark join "$@"
