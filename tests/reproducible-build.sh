#!/usr/bin/env bash
# A measurement is worth nothing if no member can rebuild it: the programs of this clone and those built from a copy of
# its sources in another folder, with no history beside them, must be the same bytes (docs/decisions/0009).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
copy=$(mktemp -d)/a/longer/path/to/another/clone
trap 'rm -rf "${copy%/a/longer/path/to/another/clone}"' EXIT

mkdir -p "$copy"
(cd "$root" && cp -R src apps build curia global.json NuGet.config .editorconfig Directory.* "$copy")
bash "$root/curia" --version >/dev/null
bash "$copy/curia" --version >/dev/null

published() { (cd "$1/artifacts/curia" && find . -type f ! -name stamp); }

differences=0
files=0
while IFS= read -r file; do
  files=$((files + 1))
  if ! cmp -s "$root/artifacts/curia/$file" "$copy/artifacts/curia/$file"; then
    differences=$((differences + 1))
    printf 'error: %s differs between two builds of the same sources\n' "$file"
  fi
done < <({ published "$root" && published "$copy"; } | sort -u)

printf '%s files compared, %s differ\n' "$files" "$differences"
[ "$files" -gt 0 ] && [ "$differences" -eq 0 ]
