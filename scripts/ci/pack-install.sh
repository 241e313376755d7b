#!/usr/bin/env bash
# Packs the package, installs the tarball into an empty folder as a user would, and uses it there.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cd "$root"
tarball="$(npm pack --silent --pack-destination "$work" | tail -1)"
mkdir "$work/app"
cd "$work/app"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund "$work/$tarball"

node -e '
  const zlib = require("warpdrive-zlib");
  if (zlib.gunzipSync(zlib.gzipSync("required")).toString() !== "required") process.exit(1);
  console.log("require:", require("warpdrive-zlib/warpdrive").devices()[0]);
'
node --input-type=module -e '
  import zlib, { gzipSync, gunzipSync, warpdrive } from "warpdrive-zlib";
  if (gunzipSync(gzipSync("imported")).toString() !== "imported") process.exit(1);
  if (zlib.gzipSync !== gzipSync || warpdrive.devices().length === 0) process.exit(1);
  console.log("import: works");
'
for preload in -r --import; do
  node "$preload" warpdrive-zlib/register -e '
    const zlib = require("node:zlib");
    if (zlib.gunzipSync(zlib.gzipSync("preloaded")).toString() !== "preloaded") process.exit(1);
    if (zlib.warpdrive.stats().inlineRequests !== 2) process.exit(1);
  '
done
echo 'preload: works'
cp "$(command -v node)" file
npx --no-install warpgzip -k file
gzip -t file.gz
mv file original
npx --no-install warpgzip -d file.gz
cmp file original
echo "warpgzip: compressed and restored $(stat -c %s original) bytes"
