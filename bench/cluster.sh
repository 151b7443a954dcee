#!/usr/bin/env bash
# Three nodes beside a three-node etcd (installed where that can be done) and beside one node, in one go. Writes
# bench/results/<date>-<commit>-cluster.md. For figures to keep, leave the machine alone.
#   bench/cluster.sh [--seconds 5] [--warm-up 8] [--rounds 3] [--connections 16] [--in-flight 256] [--out FILE]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
install_etcd
run_benchmark cluster "$@"
