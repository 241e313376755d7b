// The spimdev modules on a stock Debian kernel's /dev/vfio, used by raw ioctls.

const path = require('node:path');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel, uacceSource } = require('./support/kernel');

guestTest(
  'spimdev: kernel side',
  () => {
    const linux = kernel();
    const modules = build.buildModules(linux, uacceSource());
    build.buildClient('spimdev_conformance');
    return {
      name: 'spimdev-kernel',
      script: 'spimdev-kernel.sh',
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs('spimdev-kernel', {
        stock: build.resolveModules(linux.modules, [
          ...build.HOST_FILES,
          ...['vfio', 'vfio_iommu_type1', 'mdev'],
        ]),
        own: ['spimdev', 'hisi_zip_sim', 'hisi_zip_spimdev'].map((m) =>
          path.join(modules, `${m}.ko`),
        ),
      }),
      seconds: 280,
    };
  },
  { minimum: 40 },
);
