#!/usr/bin/env bash
# Memory over a long run at constant state and constant load: samples each minute, then the growth.
# Exit code 1 when there is one.
#   bench/soak.sh [--minutes 30] [--messages 10000] [--in-flight 256] [--sample-seconds 60]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark soak "$@"
