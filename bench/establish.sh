#!/usr/bin/env bash
# How long founders need from the start of their processes to an open network, for one node alone (the reference: what
# starting costs), three and nine; and how long one more node needs to join three. All on this machine; the network is
# empty. 5 s, 15 s and 3 s are wanted; no test holds it to that, because other work on the machine would decide.
#   bench/establish.sh [--rounds 5]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/build.sh"
run_benchmark establish "$@"
