// The package on spimdev queues of a stock Debian kernel's /dev/vfio.

const path = require('node:path');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel, uacceSource } = require('./support/kernel');

guestTest(
  'spimdev',
  () => {
    const linux = kernel();
    const modules = build.buildModules(linux, uacceSource());
    build.buildDriverCases();
    return {
      name: 'spimdev',
      script: 'spimdev.sh',
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs('spimdev', {
        stock: build.resolveModules(linux.modules, [
          ...build.HOST_FILES,
          ...['vfio', 'vfio_iommu_type1', 'mdev'],
        ]),
        own: ['spimdev', 'hisi_zip_sim', 'hisi_zip_spimdev'].map((m) =>
          path.join(modules, `${m}.ko`),
        ),
      }),
      env: { SOAK: process.env.WARPDRIVE_VM_SOAK ?? '10' },
      seconds: 800,
    };
  },
  { minimum: 47 },
);
