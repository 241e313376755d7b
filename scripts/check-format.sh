#!/usr/bin/env bash
# clang-format over all C++ that is ours.
set -euo pipefail
cd "$(dirname "$0")/.."
find native test/native test/model test/fuzz \( -name '*.cc' -o -name '*.h' \) -not -path '*/out/*' \
  -not -path 'native/kernel/*' -print0 | xargs -0 clang-format --dry-run -Werror
