#!/usr/bin/env bash
# Do the layers hold? Compiles what must not compile: each banned symbol used once in a core project (every entry of
# build/BannedSymbols.*.txt must fire on its line), and a project that names a type which it does not reference.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
output=$(mktemp)
trap 'rm -f "$output"' EXIT
cd "$root"

if dotnet build "$here/Banned.csproj" --configuration Release >"$output" 2>&1; then
  printf 'error: a core project that uses every banned symbol compiles\n'
  exit 1
fi
silent=0
entries=0
while IFS=';' read -r entry reason; do
  entries=$((entries + 1))
  line=$(awk -v e="// $entry" 'substr($0, length($0) - length(e) + 1) == e { print NR; exit }' "$here/Banned.cs")
  if [ -z "$line" ]; then
    printf 'error: nothing in tests/forbidden/Banned.cs breaks the ban %s\n' "$entry"
    silent=$((silent + 1))
  elif ! grep -F "Banned.cs($line," "$output" | grep -q 'error RS0030'; then
    printf 'error: the ban %s does not fire (Banned.cs line %s)\n' "$entry" "$line"
    silent=$((silent + 1))
  fi
done < <(cat build/BannedSymbols.*.txt)
if [ "$silent" -ne 0 ]; then
  cat "$output"
  exit 1
fi

if dotnet build "$here/Leaking.csproj" --configuration Release >"$output" 2>&1; then
  printf 'error: a project can name a type of a project that it does not reference\n'
  exit 1
fi
if ! grep -q -E 'error CS0234|error CS0246' "$output"; then
  cat "$output"
  exit 1
fi
printf '%s bans fire, a leaked reference does not compile\n' "$entries"
