# The package on spimdev queues: two accelerators, one mediated device each, given to the user.
. "$CHECKOUT/test/vm/guest/lib.sh"

load spimdev
load hisi_zip_sim
load hisi_zip_spimdev devices=2 queues=64
open_engine
for i in 0 1; do
  parent=/sys/class/spimdev/hisi_zip.$i/device
  echo "$i$i$i$i$i$i$i$i-2222-3333-4444-555555555555" >"$parent/mdev_supported_types/hisi_zip-gzip/create"
done
chown "$TEST_UID" /dev/vfio/[0-9]*

as_user "$CHECKOUT/test/vm/out/driver_cases" spimdev
cat /sys/class/spimdev/*/device/sim | sed 's/^/# /'
