#!/bin/sh
# What make dist made: with the sums it says, the same bytes when built in another folder, static,
# each for its machine; and the one for aarch64 serves and packs, under an emulator.
# Usage: tests/dist.sh COMMIT [make's variables]
set -eu
commit=$1
shift
cd "$(dirname "$0")/.."
fail() {
  echo "$0: $1" >&2
  exit 1
}

(cd dist && sha256sum --check --strict SHA256SUMS)

other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$other"
make -s -C "$other" dist COMMIT="$commit" "$@" >/dev/null
diff -r dist "$other/dist" || fail "another folder gives other bytes"

for architecture in x86_64:X86-64 aarch64:AArch64; do
  file=$(echo dist/kiosk-*-linux-"${architecture%:*}")
  readelf --file-header "$file" | grep -q "Machine:.*${architecture#*:}$" || fail "$file: the machine"
  headers=$(readelf --sections --program-headers --wide "$file")
  case $headers in
    *INTERP* | *.dynamic*) fail "$file is not static" ;;
    *.symtab* | *.debug* | *.build-id*) fail "$file is not stripped" ;;
  esac
  if grep -aqF -e "$PWD" -e "$other" "$file"; then fail "$file names a folder of this machine"; fi
done
echo "the same bytes from two folders, static, stripped"

# An emulator cannot be started from an empty root. Some machines have pages of 64 KiB.
KIOSK=$(echo dist/kiosk-*-linux-aarch64)
EMULATOR=$(command -v qemu-aarch64)
export KIOSK EMULATOR
build/tests/all --source-file='*api_benefits.cpp,*api_desk_*.cpp,*api_services.cpp'
QEMU_PAGESIZE=65536 build/tests/all --source-file='*tests/pack.cpp' --test-case-exclude='*empty root*'
