#!/usr/bin/env bash
# A measurement is worth nothing if no member can rebuild it: the programs of this clone and those built from a copy of
# its sources in another folder, with no history beside them, must be the same bytes (docs/decisions/0009). So must the
# guest images that build/image.sh makes of both; where an image cannot be made, it is left out by name.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
copy="$folder/a/longer/path/to/another/clone"
trap 'rm -rf "$folder"' EXIT

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

# The second time with other settings of who builds: they must not get into the bytes either.
images="no guest image"
packages="$root/artifacts/image/packages"
if said=$(bash "$root/build/image.sh" --packages "$packages" --out "$folder/image" 2>&1) &&
  said=$(umask 077 && TZ=Asia/Tokyo LC_ALL=C bash "$copy/build/image.sh" --packages "$packages" 2>&1); then
  images="with guest image"
  for file in vmlinuz initrd inputs.sha256; do
    files=$((files + 1))
    if ! cmp "$folder/image/$file" "$copy/artifacts/image/$file"; then
      differences=$((differences + 1))
      printf 'error: %s of the guest image differs between two builds of the same inputs\n' "$file"
    fi
  done
elif ls "$packages"/*.deb >/dev/null 2>&1; then
  differences=$((differences + 1))
  printf 'error: the guest image was not made\n%s\n' "$said"
else
  printf 'Guest image: left out: %s\n' "$(printf '%s\n' "$said" | sed -n 's/^image\.sh: //p' | tail -n 1)"
fi

printf '%s files compared (%s), %s differ\n' "$files" "$images" "$differences"
[ "$files" -gt 0 ] && [ "$differences" -eq 0 ]
