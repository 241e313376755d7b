#!/usr/bin/env bash
# Builds the package with only the codec libraries named (comma-separated; empty = none) in a
# copy of the checkout, and runs the JavaScript tests there.
set -euo pipefail
codecs="$1"
root="$(cd "$(dirname "$0")/../.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT

cd "$root"
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
  tar --null -cf - -T - | tar -xf - -C "$copy"
cp -r dist "$copy/dist"
ln -s "$root/node_modules" "$copy/node_modules"
cd "$copy"
printf -- '--- codecs: %s\n' "${codecs:-none but zlib}"
WARPDRIVE_CODECS="$codecs" npm run --silent build:native >build.log 2>&1 || { tail -50 build.log; exit 1; }
expected="zlib${codecs:+,$codecs}" node -e '
  const { devices } = require("./dist/warpdrive.js");
  const names = { "ISA-L": "isal", libdeflate: "libdeflate", zlib: "zlib" };
  const has = devices()[0].codecs.map((codec) => names[codec.split(" ")[0]]).sort().join();
  const wanted = process.env.expected.split(",").sort().join();
  if (has !== wanted) throw new Error(`built with ${has}, wanted ${wanted}`);
'
npm run --silent test:js
