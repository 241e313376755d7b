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
