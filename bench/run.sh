#!/usr/bin/env bash
# The node beside its references, in one go: echo on the same server, single-node etcd (installed where that can be
# done), one fsync, one signature. Writes bench/results/<date>-<commit>.md. For figures to keep, leave the machine
# alone.
#   bench/run.sh [--seconds 5] [--warm-up 8] [--rounds 3] [--connections 16] [--in-flight 256] [--out FILE]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"

if ! command -v etcd >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  . "$root/build/steps.sh"
  mkdir -p "$logs"
  step bench-etcd "etcd (apt-get install etcd-server)" apt-get install -y --no-install-recommends etcd-server ||
    tail -n 5 "$step_log" >&2
  # The package starts a service of its own, which would hold the ports and a core.
  if command -v systemctl >/dev/null 2>&1; then systemctl stop etcd 2>/dev/null || true; fi
fi

run_benchmark compare "$@"
