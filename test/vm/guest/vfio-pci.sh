# The package on a ZIP function of $GENERATION behind vfio-pci and the IOMMU of the machine.
. "$CHECKOUT/test/vm/guest/lib.sh"

for device in /sys/bus/pci/devices/*; do
  [ "$(cat "$device/vendor")" = 0x19e5 ] && function=$(basename "$device")
done
echo "# function $function, IOMMU group $(basename "$(readlink "/sys/bus/pci/devices/$function/iommu_group")")"
echo vfio-pci >"/sys/bus/pci/devices/$function/driver_override"
echo "$function" >/sys/bus/pci/drivers_probe

grant() { chown "$TEST_UID" /dev/vfio/[0-9]*; }
reset_function() { echo 1 >"/sys/bus/pci/devices/$function/reset"; }
serve_root

if [ "$GENERATION" = hip09 ]; then
  run permission vfio-pci
  as_user "$CHECKOUT/test/vm/out/driver_cases" vfio-pci
  run device vfio-pci
  run routing vfio-pci
  run soak vfio-pci "$SOAK"
  exit
fi
grant
as_user "$CHECKOUT/test/vm/out/driver_cases" vfio-pci
run device vfio-pci
run function
run processes vfio-pci
run soak vfio-pci "$SOAK"
# The process ends only when the kernel has given the function up, a minute later: nobody waits.
exec 3< <(run away vfio-pci </dev/ttyS1)
while read -r line <&3; do
  echo "$line"
  case $line in 1..*) break ;; esac
done
