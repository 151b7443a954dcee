# Shared by ./curia and ./check: find the SDK, take the lock, run a step with progress. Sourced, never run.
# Plain bash 3.2 and what every system has; progress goes to stderr, so that stdout belongs to the program.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Left-over build nodes would keep files of a clone open after the script has ended.
export MSBUILDDISABLENODEREUSE=1

artifacts="$root/artifacts"
logs="$artifacts/logs"
install_sdk="Install the .NET 10 SDK (https://dotnet.microsoft.com/download) and run this again."

fail() { # what and why, what to do, exit code
  printf '%s\n' "$(basename "$0"): $1" >&2
  [ -z "${2:-}" ] || printf '%s\n' "  $2" >&2
  exit "${3:-3}"
}

find_dotnet() {
  if command -v dotnet >/dev/null 2>&1; then dotnet=dotnet; return; fi
  for place in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /usr/local/share/dotnet; do
    if [ -n "$place" ] && [ -x "$place/dotnet" ]; then
      dotnet="$place/dotnet"
      export DOTNET_ROOT="$place" PATH="$place:$PATH"
      return
    fi
  done
  fail "the program 'dotnet' was not found" "$install_sdk"
}

require_sdk() {
  find_dotnet
  if [ ! -w "${HOME:-/nonexistent}" ]; then
    export HOME="$artifacts/home"
    mkdir -p "$HOME" || fail "neither HOME nor $artifacts can be written" "Run this from a clone that you own."
  fi
  # global.json says which SDK; dotnet itself knows whether one that fits is installed.
  (cd "$root" && "$dotnet" --version) >/dev/null 2>&1 && return
  wanted=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$root/global.json")
  found=$("$dotnet" --list-sdks 2>/dev/null | sed 's/ .*//' | tr '\n' ' ')
  fail "no installed .NET SDK fits global.json: wanted $wanted or a later 10.0 band, found ${found:-none}" \
    "$install_sdk"
}

# One build at a time for each clone: ./curia and ./check write the same folders. The lock belongs to this process
# and ends with it. Children must not inherit it (9>&-): a compiler server that outlives us would hold it for ever.
take_lock() {
  [ -z "${CURIA_BUILD_LOCKED:-}" ] || return 0
  mkdir -p "$logs" || fail "the folder $artifacts cannot be written" "Run this from a clone that you own."
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$artifacts/.lock"
    flock -n 9 && return
    printf 'Another build of this clone is running; waiting for it.\n' >&2
    flock 9
  else
    take_lock_by_link
  fi
}

take_lock_by_link() {
  lock_link="$artifacts/.lock-owner"
  told=
  until ln -s "$$" "$lock_link" 2>/dev/null; do
    owner=$(readlink "$lock_link" || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$lock_link"
      continue
    fi
    [ -n "$told" ] || printf 'Another build of this clone is running (process %s); waiting for it.\n' "$owner" >&2
    told=yes
    sleep 1
  done
}

release_lock() {
  [ -z "${CURIA_BUILD_LOCKED:-}" ] || return 0
  if command -v flock >/dev/null 2>&1; then exec 9>&-; else rm -f "$lock_link"; fi
}

# step NAME TITLE COMMAND...: runs the command from the root with its output in artifacts/logs/NAME.log and shows that
# it is alive: one line that counts seconds on a terminal, a line now and then elsewhere. Sets step_seconds, step_log.
step() {
  step_log="$logs/$1.log"
  title=$2
  shift 2
  began=$SECONDS
  [ -t 2 ] || printf '%s ...\n' "$title" >&2
  (cd "$root" && exec "$@") >"$step_log" 2>&1 </dev/null 9>&- &
  step_process=$!
  trap 'kill "$step_process" 2>/dev/null; printf "\n" >&2; exit 130' INT TERM
  told=0
  while kill -0 "$step_process" 2>/dev/null; do
    elapsed=$((SECONDS - began))
    if [ -t 2 ]; then
      printf '\r  %s ... %ss ' "$title" "$elapsed" >&2
    elif [ $((elapsed - told)) -ge 20 ]; then
      told=$elapsed
      printf '  %s ... %ss\n' "$title" "$elapsed" >&2
    fi
    sleep 0.2
  done
  result=0
  wait "$step_process" || result=$?
  trap - INT TERM
  step_seconds=$((SECONDS - began))
  if [ "$result" -eq 0 ]; then word=done; else word=FAILED; fi
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  printf '%s: %s (%ss)\n' "$title" "$word" "$step_seconds" >&2
  return "$result"
}

# The lines of a build log that say what is wrong, each once, with paths from the root.
show_errors() {
  if grep -q -E '(: |^)error' "$1"; then
    grep -E '(: |^)error' "$1" | sed -e 's/ \[[^]]*proj\(::[^]]*\)\{0,1\}\]$//' -e "s|$root/||g" -e 's/^ *//' |
      sort -u | head -n 40 >&2
  else
    tail -n 25 "$1" >&2
  fi
}
