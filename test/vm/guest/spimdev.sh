# The package on spimdev queues: two accelerators, one mediated device each, given to the user.
. "$CHECKOUT/test/vm/guest/lib.sh"
export WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1

take_away() {
  # Each write returns when the device's user has left.
  for device in /sys/bus/mdev/devices/*; do echo 1 >"$device/remove" & done
}

create_mdevs() {
  local i parent
  for i in 0 1; do
    parent=/sys/class/spimdev/hisi_zip.$i/device
    echo "$i$i$i$i$i$i$i$i-2222-3333-4444-555555555555" >"$parent/mdev_supported_types/hisi_zip-gzip/create" || return 1
  done
  chown "$TEST_UID" /dev/vfio/[0-9]*
}

# The queue holds its parent's module, the open mediated device the framework's.
modules_in_use() { in_use hisi_zip_spimdev && in_use spimdev; }

# Each write returns when the device's user has left.
leave() {
  local i pids=()
  for i in 0 1; do echo "hisi_zip.$i" >/sys/bus/platform/drivers/hisi_zip/unbind & pids+=($!); done
  for i in "${pids[@]}"; do wait "$i" || return 1; done
}

come_back() {
  local i
  for i in 0 1; do echo "hisi_zip.$i" >/sys/bus/platform/drivers/hisi_zip/bind || return 1; done
  create_mdevs
}

no_mdevs() { [ -z "$(ls /sys/bus/mdev/devices)" ]; }
unload() { until_true no_mdevs && rmmod hisi_zip_spimdev && rmmod spimdev && rmmod hisi_zip_sim; }

load spimdev
load hisi_zip_sim
load hisi_zip_spimdev devices=2 queues=64
open_engine
create_mdevs

names_the_limit() {
  (ulimit -l 64 && as_user "$CHECKOUT/test/vm/out/driver_cases" spimdev hisi_zip.0) |
    grep 'the limit RLIMIT_MEMLOCK'
}

as_user "$CHECKOUT/test/vm/out/driver_cases" spimdev
result 'driver: a limit of locked memory that is too low is named' names_the_limit
cat /sys/class/spimdev/*/device/sim | sed 's/^/# /'
calls_of_requests spimdev
result 'driver: who waits for a request sleeps in WAIT' sleeps_in_wait
sed 's/^/# /' /tmp/waited
serve_root
run device spimdev
run routing spimdev
run suites spimdev
run differential spimdev
run batches spimdev
run faults spimdev
run processes spimdev
run soak spimdev "$SOAK"
run removal spimdev
run away spimdev
result 'modules unload when nobody uses them' unload
