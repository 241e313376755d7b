# The spimdev modules by raw ioctls, for both queue versions.
. "$CHECKOUT/test/vm/guest/lib.sh"
export UUID=11111111-2222-3333-4444-555555555555

create() { echo "$UUID" >"$PARENT/mdev_supported_types/$1/create"; }
give_group() { chown "$TEST_UID" /dev/vfio/[0-9]*; }

refused() { ! "$@"; }
no_queues() { grep -q 'queues=0 .*bad_doorbells=0 ' "$PARENT/sim" || { cat "$PARENT/sim"; false; }; }

load spimdev
load hisi_zip_sim
for QM_VERSION in 1 2; do
  export QM_VERSION PARENT=/sys/class/spimdev/hisi_zip.0/device
  type=hisi_zip-hisi_zip
  [ $QM_VERSION = 2 ] && type=hisi_zip-gzip
  load hisi_zip_spimdev qm_version=$QM_VERSION queues=40
  open_engine
  create $type
  give_group
  echo "# QM version $QM_VERSION"
  as_user "$CHECKOUT/test/vm/out/spimdev_conformance" main
  result "V$QM_VERSION: nothing left open, no wrong doorbell" no_queues
  "$CHECKOUT/test/vm/out/spimdev_conformance" removal
  result "V$QM_VERSION: created again after removal" create $type
  result "V$QM_VERSION: same UUID twice is refused" refused create $type
  cat "$PARENT/sim" | sed 's/^/# /'
  result "V$QM_VERSION: modules unload" rmmod hisi_zip_spimdev
done
result 'framework unloads' rmmod spimdev
result 'engine unloads' rmmod hisi_zip_sim
