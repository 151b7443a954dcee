#!/usr/bin/env bash
# How long writes stop when the primary is killed, at default settings and with a short election timeout, and when it
# is stopped. Writes bench/results/<date>-<commit>-failover.md. For figures to keep, leave the machine alone.
#   bench/failover.sh [--rounds 20] [--stops 10] [--clients 8] [--fast-ms 200] [--out FILE]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark failover "$@"
