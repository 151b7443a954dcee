#!/usr/bin/env bash
# kill -9 at random moments under load, many times: tests/crashes.sh [CRASHES [SEED]]. ./check does it a few times.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
dotnet build tests/Curia.EndToEnd --configuration Release -verbosity:quiet
export CURIA_CRASHES=${1:-200}
if [ -n "${2:-}" ]; then export CURIA_CRASH_SEED=$2; fi
exec dotnet artifacts/bin/Curia.EndToEnd/release/Curia.EndToEnd.dll -noLogo -noColor -showliveoutput \
  -class Curia.EndToEnd.Host.CrashTests
