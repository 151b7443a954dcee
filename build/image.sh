#!/usr/bin/env bash
# Makes the guest image of a node for measured direct boot, a kernel and an initial RAM disk: build/image.sh --help
# Same packages, same .NET runtime, same sources: the same bytes in any folder (tests/reproducible-build.sh), so that
# each member computes the measurement for himself (docs/deploy-snp.md). Needs no root and installs nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/build/steps.sh"

usage="usage: build/image.sh [--app NAME | --program DIR] [--packages DIR] [--snapshot DATE] [--out DIR]
  --app NAME       the application, one of apps/*.Image (logging)
  --program DIR    a published application in place of it
  --packages DIR   the Debian packages, fetched when there are none (OUT/packages)
  --snapshot DATE  fetch them as Debian had them then, as in 20261101T000000Z
  --out DIR        where vmlinuz, initrd, image.sha256 and inputs.sha256 go (artifacts/image)"
app=logging program= packages= snapshot= out="$artifacts/image"
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
    --app | --program | --packages | --snapshot | --out) ;;
    *) fail "unknown argument '$1'" "$usage" 2 ;;
  esac
  [ $# -ge 2 ] || fail "$1 needs a value" "$usage" 2
  case $1 in
    --app) app=$2 ;;
    --program) [ -d "$2" ] && program=$(cd "$2" && pwd) || fail "there is no folder $2" ;;
    --packages) packages=$2 ;;
    --snapshot) snapshot=$2 ;;
    --out) out=$2 ;;
  esac
  shift 2
done
mkdir -p "$out" "${packages:=$out/packages}" "$logs" || fail "$out cannot be written" "Give another folder with --out."
out=$(cd "$out" && pwd)
packages=$(cd "$packages" && pwd)
work="$out/work"
tree="$work/packages"
image="$work/image"

release=trixie
kernel_package=linux-image-cloud-amd64
package_names="busybox-static cpio libc6 libgcc-s1 libssl3t64 libstdc++6 libzstd1 zlib1g"
# What QEMU's devices, the data disk, the power button and evidence need. What a kernel has built in is no file.
modules="virtio_pci virtio_blk virtio_net virtio_rng ext4 crc32c_generic configfs sev_guest tdx_guest button evdev"

require() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    fail "the image is made on x86-64 Linux; this is $(uname -s) on $(uname -m)" "Make it on such a machine."
  command -v dpkg-deb >/dev/null 2>&1 || fail "the program 'dpkg-deb' was not found" "Install the package dpkg."
  ls "$packages"/*.deb >/dev/null 2>&1 || command -v apt-get >/dev/null 2>&1 ||
    fail "there is no apt-get to fetch packages, and none are in $packages" "Put those of an inputs.sha256 there."
}

# With lists of its own: what the machine itself has for sources and packages plays no part.
fetch() {
  apt="$work/apt"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keys" ] || { echo "error: $keys is missing: install the package debian-archive-keyring" && exit 3; }
  debian=http://deb.debian.org/debian security=http://deb.debian.org/debian-security
  if [ -n "$snapshot" ]; then
    debian="http://snapshot.debian.org/archive/debian/$snapshot"
    security="http://snapshot.debian.org/archive/debian-security/$snapshot"
  fi
  printf "deb [signed-by=$keys] %s main\n" "$debian $release" "$security $release-security" >"$apt/sources.list"
  options="-o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State=$apt
    -o Dir::State::Lists=$apt/lists -o Dir::State::Status=$apt/status -o Dir::Cache=$apt/cache
    -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User= -o Acquire::Retries=3"
  [ -z "$snapshot" ] || options="$options -o Acquire::Check-Valid-Until=false"
  apt-get $options update --error-on=any
  kernel=$(apt-cache $options depends "$kernel_package" | sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  mkdir "$work/fetched"
  cd "$work/fetched"
  apt-get $options download $package_names "$kernel"
  mv ./*.deb "$packages"
}

unpack() {
  for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$tree"; done
}

find_one() { # name, what is wrong without it: the one file of that name in the packages
  found=$(find "$tree" -type f -name "$1" | LC_ALL=C sort | head -n 1)
  [ -n "$found" ] || { echo "error: no package in $packages has $1: $2" && exit 3; } >&2
  printf '%s' "$found"
}

# Runs or asks with the packages' own loader and libraries, never with those of the machine.
loader() {
  "$(find_one 'ld-linux-x86-64.so.2' 'put libc6 there')" --inhibit-cache --library-path \
    "$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu" "$@"
}

# The libraries that programs and libraries need, each once.
copy_libraries() {
  mkdir -p "$image/lib/x86_64-linux-gnu" "$image/lib64"
  cp "$(find_one 'ld-linux-x86-64.so.2' 'put libc6 there')" "$image/lib64/ld-linux-x86-64.so.2"
  for name in libssl.so.3 libcrypto.so.3; do # opened by name, so nobody lists them
    cp "$(find_one $name 'put libssl3t64 there')" "$image/lib/x86_64-linux-gnu/$name"
  done
  find "$image" -type f \( -name '*.so' -o -name '*.so.*' -o -name dotnet \) ! -path '*/lib64/*' | LC_ALL=C sort |
    while IFS= read -r file; do loader --list "$file" | sed "s|^\s*|${file#"$image"}\t|"; done >"$work/needed"
  awk -F'\t' -v tree="$tree/" -v image="$image/" '
    { split($2, part, " "); path = part[3] }
    $2 ~ /linux-vdso|statically linked|\/ld-linux-x86-64/ { next }
    index(path, image) == 1 { next }
    index(path, tree) == 1 { print part[1] "\t" path; next }
    { print "error: " $1 " needs " part[1] ", which no package has" >"/dev/stderr"; exit 3 }' "$work/needed" |
    LC_ALL=C sort -u >"$work/libraries"
  while IFS="$(printf '\t')" read -r name path; do
    cp -L "$path" "$image/lib/x86_64-linux-gnu/$name"
  done <"$work/libraries"
}

# A module after those that it needs; the number in front of its name is the order of loading.
add_module() { # name
  case " $added " in *" $1 "*) return ;; esac
  added="$added $1"
  pattern=$(printf '%s' "$1" | sed 's/[-_]/[-_]/g')
  module=$(find "$tree" -name "$pattern.ko" -o -name "$pattern.ko.xz" | LC_ALL=C sort | head -n 1)
  if [ -z "$module" ]; then
    find "$tree" -name modules.builtin -exec grep -q "/$pattern\.ko$" {} + ||
      echo "left out: the kernel has no module $1"
    return 0
  fi
  content="$work/$1.ko"
  case $module in
    *.xz) "$busybox" xzcat "$module" >"$content" ;;
    *) cp "$module" "$content" ;;
  esac
  for needed in $(tr '\0' '\n' <"$content" | sed -n 's/^depends=//p' | tr ',-' ' _'); do add_module "$needed"; done
  number=$((number + 1))
  mv "$work/$1.ko" "$image/lib/modules/$(printf '%02d' "$number")-$1.ko"
}

assemble() {
  busybox=$(find_one busybox 'put busybox-static there')
  mkdir -p "$image/bin" "$image/etc/acpi/PWRF" "$image/lib/modules" "$image/curia" "$image/dotnet"
  cp "$busybox" "$image/bin/busybox"
  cp "$root/build/image/init" "$root/build/image/lease" "$image"
  sed -i "s|PROGRAM|$program_name|" "$image/init"
  printf '#!/bin/busybox sh\nkill -TERM "$(cat /run/node.pid)"\n' >"$image/etc/acpi/PWRF/00000080"
  printf 'hosts: files dns\n' >"$image/etc/nsswitch.conf"
  printf '127.0.0.1 localhost\n' >"$image/etc/hosts"
  printf 'root:x:0:0::/tmp:/bin/sh\n' >"$image/etc/passwd"
  cp -R "$program/." "$image/curia"

  cp "$runtime_root/dotnet" "$image/dotnet"
  for part in host/fxr shared/Microsoft.NETCore.App shared/Microsoft.AspNetCore.App; do
    mkdir -p "$image/dotnet/$part"
    cp -R "$runtime_root/$part/$runtime" "$image/dotnet/$part"
  done
  # For debuggers and for tracing: nobody can attach, and tracing needs a library more.
  (cd "$image/dotnet/shared/Microsoft.NETCore.App/$runtime" &&
    rm -f createdump libcoreclrtraceptprovider.so libmscordaccore.so libmscordbi.so)
  copy_libraries
  added= number=0
  for name in $modules; do add_module "$name"; done
}

# newc with everything in it that is not content made the same: order, times, owners, modes, numbers. Not compressed:
# the bytes would be those of a compressor's version.
write_image() {
  cd "$image"
  find . -type d -exec chmod 755 {} +
  find . -type f -exec chmod 644 {} +
  chmod 755 init lease bin/busybox dotnet/dotnet etc/acpi/PWRF/00000080 lib64/ld-linux-x86-64.so.2
  find . -exec touch -h -d @0 {} +
  find . -print0 | LC_ALL=C sort -z | loader "$(find_one cpio 'put cpio there')" --create --null --format=newc \
    --reproducible --owner=+0:+0 --quiet >"$out/initrd.next"
  cp "$(find_one 'vmlinuz-*' 'put a linux-image there')" "$out/vmlinuz"
  mv "$out/initrd.next" "$out/initrd"
  cd "$out"
  sha256sum vmlinuz initrd >image.sha256
  tree_digest() { (cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum); }
  {
    echo "# program $program_name: $(tree_digest "$image/curia" | sed 's/ .*//')"
    echo "# .NET runtime $runtime: $(tree_digest "$image/dotnet" | sed 's/ .*//')"
    (cd "$packages" && LC_ALL=C && sha256sum ./*.deb | sed 's|  \./|  packages/|')
  } >inputs.sha256
}

run_step() { # name, title, function
  step "image-$1" "$2" bash -euo pipefail -c "$3" && return
  show_errors "$step_log"
  fail "the image was not made (whole output: $step_log)"
}

require
if [ -z "$program" ]; then
  bash "$root/curia" --version >/dev/null
  program="$root/artifacts/curia/apps/$app"
  [ -d "$program" ] ||
    fail "there is no application $app" "It is one of: $(ls "$root/artifacts/curia/apps" | tr '\n' ' ')" 2
fi
program_name=$(basename "$(ls "$program"/*.deps.json 2>/dev/null | head -n 1)" .deps.json)
[ -n "$program_name" ] || fail "$program has no published application" "dotnet publish makes one."

find_dotnet
runtime_line=$("$dotnet" --list-runtimes | grep '^Microsoft\.AspNetCore\.App 10\.0\.' | tail -n 1)
[ -n "$runtime_line" ] || fail "there is no ASP.NET Core runtime 10.0" "$install_sdk"
runtime=$(printf '%s' "$runtime_line" | cut -d' ' -f2)
runtime_root=$(printf '%s' "$runtime_line" | sed 's|.*\[\(.*\)/shared/.*|\1|')

take_lock
rm -rf "$work"
mkdir -p "$tree" "$image"
trap 'rm -rf "$work"' EXIT
export root work tree image out packages snapshot release kernel_package package_names modules
export program program_name runtime runtime_root
export -f fetch unpack find_one loader copy_libraries add_module assemble write_image
ls "$packages"/*.deb >/dev/null 2>&1 || run_step packages "Fetching Debian packages" fetch
run_step unpack "Unpacking packages" unpack
run_step assemble "Assembling the image of $program_name" assemble
grep '^left out: ' "$step_log" >&2 || true
run_step write "Writing the image" write_image
cat "$out/image.sha256"
