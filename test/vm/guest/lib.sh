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

# The calls by which the library looks whether the device is still there: at most once in a
# millisecond, and only when nothing came.
LOOKS='^(access|faccessat2?|openat|read|close)$'

# calls_in FILE: the system calls that strace counted, without those.
calls_in() {
  awk -v looks="$LOOKS" '$NF ~ looks || $NF == "total" { next }
    $4 ~ /^[0-9]+$/ { calls += $4 } END { print calls + 0 }' "$1"
}

# looks_in FEW MANY: how much the most frequent of those calls rose between two counts.
looks_in() {
  awk -v looks="$LOOKS" '$NF ~ looks { calls[$NF] += FNR == NR ? -$4 : $4 }
    END { for (name in calls) if (calls[name] > most) most = calls[name]; print most + 0 }' "$1" "$2"
}

# no_calls TRANSPORT: system calls do not grow with requests while the device is busy.
no_calls() {
  local n few many looks ms
  for n in 200 2200; do
    as_user strace -c -f -o "/tmp/calls.$n" "$CHECKOUT/test/vm/out/driver_cases" "$1" busy "$n" >"/tmp/busy.$n" || return 1
  done
  few=$(calls_in /tmp/calls.200)
  many=$(calls_in /tmp/calls.2200)
  looks=$(looks_in /tmp/calls.200 /tmp/calls.2200)
  ms=$(sed -n 's/^# busy for \([0-9]*\) ms$/\1/p' /tmp/busy.2200)
  {
    cat /tmp/calls.2200
    echo "$few system calls for 200 requests, $many for 2200; $looks looks in ${ms:=0} ms"
  } | tee /tmp/calls
  [ "$few" -gt 0 ] && [ $((many - few)) -lt 20 ] && [ "$looks" -le $((ms + 2)) ]
}
calls_of_requests() {
  touch /tmp/calls.200 /tmp/calls.2200
  chown "$TEST_UID" /tmp/calls.200 /tmp/calls.2200
  result 'driver: no system call per request while busy' no_calls "$1"
  tail -1 /tmp/calls | sed 's/^/# /'
}

# waits COUNT: how often spimdev's WAIT is called for COUNT requests, one at a time.
waits() {
  as_user strace -f -e trace=ioctl -o /tmp/waits "$CHECKOUT/test/vm/out/driver_cases" spimdev slow "$1" >&2 || return 1
  grep -c '0x57, 0x0*1, 0x0*8' /tmp/waits
}

# sleeps_in_wait: who waits for a request of 20 ms sleeps in WAIT. Opening calls it to find out.
sleeps_in_wait() {
  local opened used
  touch /tmp/waits && chown "$TEST_UID" /tmp/waits
  echo 20 >/sys/module/hisi_zip_sim/parameters/job_delay_ms
  opened=$(waits 0) && used=$(waits 30)
  echo 0 >/sys/module/hisi_zip_sim/parameters/job_delay_ms
  head -40 /tmp/waits
  echo "WAIT was called $opened times for no request, $used times for 30" | tee /tmp/waited
  [ "$opened" -gt 0 ] && [ "$used" -gt "$opened" ] && grep -q '0x57, 0x0*1, 0x0*8), 0x0*1) = [1-9]' /tmp/waits
}

# in_use MODULE: whether the kernel refuses to unload it (delete_module(2), O_NONBLOCK). Tools look at
# /sys/module instead.
in_use() { perl -e 'exit !(syscall(176, $ARGV[0], 04000) == -1 && $!{EAGAIN})' "$1"; }

# until_true COMMAND...: waits for what nothing may be in the way of any more.
until_true() {
  local n
  for n in $(seq 600); do
    "$@" && return 0
    sleep 0.2
  done
  echo "not so within two minutes: $*"
  return 1
}

# run FILE ARGUMENT...: a Node program of test/vm/guest, as the user.
run() { as_user "$NODE" "$CHECKOUT/test/vm/guest/$1.js" "${@:2}" 2>&1; }

# serve_root: does, as root, what the user's programs write to /tmp/root: names of functions here.
serve_root() {
  mkfifo -m 666 /tmp/root
  while read -r action </tmp/root; do
    rm -f "/tmp/done.$action"
    "$action" && touch "/tmp/done.$action"
  done &
}
