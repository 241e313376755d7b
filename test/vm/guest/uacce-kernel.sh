# The uacce sibling on the kernel's own uacce.c by raw calls, for both queue versions.
. "$CHECKOUT/test/vm/guest/lib.sh"
client=$CHECKOUT/test/vm/out/uacce_conformance

counters() { cat /sys/class/uacce/*/device/sim; }
no_queues() { counters | grep -q 'queues=0 .*bad_doorbells=0 ' || { counters; false; }; }
no_device() { [ ! -e "/dev/$NAME" ]; }

load sva_shim
load uacce
load hisi_zip_sim
open_engine
for QM_VERSION in 2 3; do
  load hisi_zip_uacce qm_version=$QM_VERSION queues=40
  NAME=$(ls /sys/class/uacce | head -1)
  export QM_VERSION NAME
  chown "$TEST_UID" "/dev/$NAME"
  echo "# QM version $QM_VERSION, $NAME"
  as_user "$client" main
  result "V$QM_VERSION: nothing left open, no wrong doorbell" no_queues
  counters | sed 's/^/# /'
  # rmmod waits until the process that uses the device has left.
  exec 3< <(as_user "$client" removal)
  while read -r line <&3; do
    echo "$line"
    [ "$line" = '# READY' ] && result "V$QM_VERSION: the module unloads under load" rmmod hisi_zip_uacce
  done
  result "V$QM_VERSION: the device node is gone" no_device
done
result 'uacce unloads' rmmod uacce
result 'the SVA shim unloads' rmmod sva_shim
result 'the engine unloads' rmmod hisi_zip_sim
