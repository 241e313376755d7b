# The package on uacce queues: two accelerators.
. "$CHECKOUT/test/vm/guest/lib.sh"
export WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1

take_away() { rmmod hisi_zip_uacce & }

# The driver of the accelerators can be unloaded at any time: it tells its users first (leave).
modules_in_use() { in_use uacce && in_use hisi_zip_sim; }

add_devices() {
  insmod "$MODULES/hisi_zip_uacce.ko" devices=2 queues=64 && chown "$TEST_UID" /dev/hisi_zip-*
}

leave() { rmmod hisi_zip_uacce; }
come_back() { add_devices; }

no_driver() { [ ! -e /sys/module/hisi_zip_uacce ]; }
unload() { until_true no_driver && rmmod uacce && rmmod sva_shim && rmmod hisi_zip_sim; }

load sva_shim
load uacce
load hisi_zip_sim
add_devices || echo 'Bail out! no devices'
open_engine

as_user "$CHECKOUT/test/vm/out/driver_cases" uacce
cat /sys/class/uacce/*/device/sim | sed 's/^/# /'
calls_of_requests uacce
serve_root
run device uacce
run routing uacce
run suites uacce
run differential uacce
run batches uacce
run faults uacce
run processes uacce
run soak uacce "$SOAK"
run removal uacce
run away uacce
result 'modules unload when nobody uses them' unload
