# For guest scripts: the user that tests run as, and the modules.
set -u
MODULES=/tmp/modules
TEST_UID=1000
# What an operator grants the user of a device without SVA (docs/hardware.md).
ulimit -l $((512 * 1024))

load() { insmod "$MODULES/$1.ko" "${@:2}" || echo "Bail out! insmod $* failed"; }

# Engine parameters belong to root; the tests that inject faults do not run as root.
open_engine() { chown -R "$TEST_UID" /sys/module/hisi_zip_sim/parameters; }

as_user() { setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --clear-groups "$@"; }

# result NAME COMMAND...: one TAP result from a command's success.
RESULTS=0
result() {
  local name=$1 output
  shift
  RESULTS=$((RESULTS + 1))
  if output=$("$@" 2>&1); then
    echo "ok $RESULTS - $name"
  else
    echo "not ok $RESULTS - $name"
    printf '%s\n' "$output" | sed 's/^/# /'
  fi
}

# run FILE ARGUMENT...: a Node program of test/vm/guest, as the user.
run() { as_user "$NODE" "$CHECKOUT/test/vm/guest/$1.js" "${@:2}" 2>&1; }

# serve_root: does, as root, what the user's programs write to /tmp/root: names of functions here.
serve_root() {
  mkfifo -m 666 /tmp/root
  while read -r action </tmp/root; do "$action"; done &
}
