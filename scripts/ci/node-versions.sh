#!/usr/bin/env bash
# node-versions.sh VERSION...: the JavaScript tests, and some of the npm clients, on other versions of
# Node, whose binaries come from the npm package `node`. All but the last use the addon as it was built here, since an addon
# outlives a change of Node; for the last the addon is built anew, with that Node's headers.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
own_path="$PATH"

install_node() {
  mkdir -p "$work/$1" && cd "$work/$1"
  npm init -y >/dev/null
  npm install --silent --no-audit --no-fund "node@$1"
  local binary
  binary="$(find "$work/$1/node_modules" -path '*/bin/node' -type f | head -1)"
  export PATH="${binary%/node}:$own_path"
  printf -- '--- Node %s\n' "$(node --version)"
  case "$(node --version)" in "v$1".*) ;; *) echo "wanted Node $1"; exit 1 ;; esac
}

build_anew() {
  mkdir "$work/copy"
  bash "$root/scripts/ci/copy-checkout.sh" "$work/copy"
  local headers
  headers="$(find "$work/$1/node_modules" -path '*/include/node/node_api.h' | head -1)"
  cd "$work/copy"
  npm_config_nodedir="${headers%/include/node/node_api.h}" npm run --silent build:native \
    >build.log 2>&1 || { tail -50 build.log; exit 1; }
}

run_tests() {
  "$@" >"$work/log" 2>&1 || { grep -E -A40 '^ *(not ok|✖)' "$work/log" | tail -200; exit 1; }
  grep -E '^(#|ℹ) (tests|pass|fail|skipped)' "$work/log" || { tail -50 "$work/log"; exit 1; }
}

last="${*: -1}"
for version in "$@"; do
  install_node "$version"
  cd "$root"
  if [ "$version" = "$last" ]; then build_anew "$version"; fi
  run_tests npm run --silent test:js
  cd "$root"
  # What Node itself and its users do with zlib. The clients were installed for the tests on them.
  run_tests node --test --test-concurrency=2 test/clients/{fetch,http,preload-users,web-streams,ws}.test.js
  # Buffers of more than 4 GiB, which Node 20 does not have.
  if [ "$version" = "$last" ]; then run_tests node --test test/large/one-shot.test.js; fi
done
