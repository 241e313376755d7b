#!/usr/bin/env bash
# copy-checkout.sh FOLDER: the files of the checkout, with dist/ and the installed packages, but
# without a built addon.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
  tar --null -cf - -T - | tar -xf - -C "$1"
cp -r dist "$1/dist"
ln -s "$root/node_modules" "$1/node_modules"
