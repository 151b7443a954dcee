#!/usr/bin/env bash
# Runs the fuzz targets under AFL++, each for a given time, and says what each has found; tests/Curia.Fuzz/README.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/build/steps.sh"

usage='usage: tests/fuzz.sh [--seconds N] [--jobs N] [TARGET...]'
seconds=60
jobs=1
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:-}; shift ;;
    --jobs) jobs=${2:-}; shift ;;
    -h | --help)
      printf '%s\n  %s\n  %s\n' "$usage" '--seconds N  how long each target runs (60)' \
        '--jobs N     how many targets run at a time (1)'
      exit 0
      ;;
    -*) fail "unknown option '$1'" "$usage" 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ && $jobs =~ ^[1-9][0-9]*$ ]] || fail "--seconds and --jobs take numbers" "$usage" 2

project="$root/tests/Curia.Fuzz"
work="$root/artifacts/fuzz"
program="$work/program"
instrumented="$work/instrumented"

require_afl() {
  command -v afl-fuzz >/dev/null 2>&1 && return
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    step fuzz-afl "AFL++ (apt-get install afl++)" \
      bash -c "apt-get update && apt-get install -y --no-install-recommends afl++" && return
    tail -n 5 "$step_log" >&2
  fi
  fail "the program 'afl-fuzz' was not found" \
    "Install AFL++ (Debian and Ubuntu: apt-get install afl++) and run this again."
}

# Two programs: the plain one says what an input does, the instrumented one shows a fuzzer what code it reached.
build_programs() {
  rm -rf "$program" "$instrumented"
  step fuzz-build "Fuzz targets" dotnet publish "$project" --configuration Release --output "$program" ||
    { show_errors "$step_log"; exit 3; }
  cp -R "$program" "$instrumented"
  instrument >"$logs/fuzz-instrument.log" 2>&1 || { tail -n 10 "$logs/fuzz-instrument.log" >&2; exit 3; }
}

# In a shell of its own, because the manifest of the tool is found from the folder of the project.
instrument() (
  cd "$project" && dotnet tool restore || exit 1
  for library in "$instrumented"/Curia.*.dll; do
    # Not what drives the fuzzer.
    [ "$(basename "$library")" = Curia.Fuzz.dll ] || dotnet tool run sharpfuzz "$library" </dev/null || exit 1
  done
)

stat_of() { # name, target
  sed -n "s/^$1 *: //p" "$work/$2/default/fuzzer_stats" 2>/dev/null || true
}

found() { # crashes or hangs, target: the files, without the text that AFL++ puts beside them
  find "$work/$2/default/$1" -type f -name 'id*' 2>/dev/null | sort
}

# The switches are for containers: no governor, no core pattern, no processor of its own, no screen. Twenty seconds are
# for a machine that does other things; an input takes less than a millisecond.
fuzz() { # target
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1/input"
  for kind in corpus regressions; do
    for file in "$project/$kind/$1"/*; do
      [ ! -f "$file" ] || cp "$file" "$work/$1/input/$kind-$(basename "$file")"
    done
  done
  dictionary=()
  [ ! -f "$project/dictionaries/$1" ] || dictionary=(-x "$project/dictionaries/$1")
  AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 \
    AFL_SKIP_CRASHES=1 AFL_FORKSRV_INIT_TMOUT=300000 AFL_MAP_SIZE=65536 DOTNET_TieredPGO=0 \
    nice -n 19 afl-fuzz -i "$work/$1/input" -o "$work/$1" -V "$seconds" -t 20000 -m none \
    ${dictionary[@]+"${dictionary[@]}"} -- dotnet "$instrumented/Curia.Fuzz.dll" run "$1" \
    >"$logs/fuzz-$1.log" 2>&1 </dev/null
}

report() { # target
  dotnet "$program/Curia.Fuzz.dll" replay "$1" "$work/$1/input" >"$logs/fuzz-$1-replay.log" ||
    { cat "$logs/fuzz-$1-replay.log"; return 1; }
  executions=$(stat_of execs_done "$1")
  if [ -z "$executions" ]; then
    printf '%-14s did not run: artifacts/logs/fuzz-%s.log\n' "$1" "$1"
    tail -n 5 "$logs/fuzz-$1.log"
    return 1
  fi
  crashes=$(found crashes "$1" | wc -l)
  hangs=$(found hangs "$1" | wc -l)
  printf '%-14s %10s executions, %5s a second, %5s paths, %s crashes, %s hangs\n' "$1" "$executions" \
    "$(stat_of execs_per_sec "$1" | sed 's/\..*//')" "$(stat_of corpus_count "$1")" "$crashes" "$hangs"
  found crashes "$1" | while read -r file; do
    timeout 60 dotnet "$program/Curia.Fuzz.dll" replay "$1" "$file" | head -n 1
  done
  found hangs "$1" | sed 's/^/  slow: /'
  ran=$(stat_of run_time "$1")
  if [ "${ran:-0}" -lt "$seconds" ]; then
    printf '  %s ended after %s of %s seconds\n' "$1" "${ran:-0}" "$seconds"
    return 1
  fi
  [ "$crashes" -eq 0 ] && [ "$hangs" -eq 0 ]
}

require_sdk
take_lock
require_afl
build_programs
release_lock
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(dotnet "$program/Curia.Fuzz.dll" list)

broken=0
waiting=("${targets[@]}")
while [ ${#waiting[@]} -gt 0 ]; do
  batch=("${waiting[@]:0:jobs}")
  waiting=("${waiting[@]:jobs}")
  for target in "${batch[@]}"; do fuzz "$target" & done
  wait
  for target in "${batch[@]}"; do report "$target" || broken=1; done
done
exit "$broken"
