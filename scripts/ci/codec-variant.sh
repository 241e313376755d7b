#!/usr/bin/env bash
# codec-variant.sh CODECS: builds the package with only the codec libraries named (comma-separated;
# empty = none) in a copy of the checkout, and runs the JavaScript tests there that codecs matter to.
set -euo pipefail
codecs="$1"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT

bash "$(dirname "$0")/copy-checkout.sh" "$copy"
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
node --test --test-concurrency=2 test/conformance/*.test.js test/differential/*.test.js \
  test/hazards/*.test.js test/interop/*.test.js >test.log 2>&1 ||
  { grep -A40 '^not ok' test.log | tail -200; exit 1; }
grep -E '^# (tests|pass|fail|skipped)' test.log
