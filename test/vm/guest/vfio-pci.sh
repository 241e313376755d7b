# The package on a ZIP function behind vfio-pci and the IOMMU of the machine.
. "$CHECKOUT/test/vm/guest/lib.sh"

for device in /sys/bus/pci/devices/*; do
  [ "$(cat "$device/vendor")" = 0x19e5 ] && function=$(basename "$device")
done
echo "# function $function, IOMMU group $(basename "$(readlink "/sys/bus/pci/devices/$function/iommu_group")")"
echo vfio-pci >"/sys/bus/pci/devices/$function/driver_override"
echo "$function" >/sys/bus/pci/drivers_probe
chown "$TEST_UID" /dev/vfio/[0-9]*

as_user "$CHECKOUT/test/vm/out/driver_cases" vfio-pci
