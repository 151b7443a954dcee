#!/usr/bin/env bash
# The node beside its references, in one go: echo on the same server, single-node etcd (installed where that can be
# done), one fsync, one signature. Writes bench/results/<date>-<commit>.md. For figures to keep, leave the machine
# alone.
#   bench/run.sh [--seconds 5] [--warm-up 8] [--rounds 3] [--connections 16] [--in-flight 256] [--out FILE]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

install_etcd
run_benchmark compare "$@"
