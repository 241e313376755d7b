# The package on uacce queues: two accelerators.
. "$CHECKOUT/test/vm/guest/lib.sh"
export WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1

take_away() { rmmod hisi_zip_uacce & }

load sva_shim
load uacce
load hisi_zip_sim
load hisi_zip_uacce devices=2 queues=64
open_engine
chown "$TEST_UID" /dev/hisi_zip-*

as_user "$CHECKOUT/test/vm/out/driver_cases" uacce
cat /sys/class/uacce/*/device/sim | sed 's/^/# /'
calls_of_requests uacce
serve_root
run device uacce
run suites uacce
run batches uacce
run faults uacce
run processes uacce
run soak uacce "$SOAK"
run away uacce
