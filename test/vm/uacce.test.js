// The package on uacce queues, on the kernel's own uacce.c.

const path = require('node:path');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel, uacceSource } = require('./support/kernel');

guestTest(
  'uacce',
  () => {
    const linux = kernel();
    const modules = build.buildModules(linux, uacceSource());
    build.buildDriverCases();
    return {
      name: 'uacce',
      script: 'uacce.sh',
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs('uacce', {
        stock: build.resolveModules(linux.modules, build.HOST_FILES),
        own: ['sva_shim', 'uacce', 'hisi_zip_sim', 'hisi_zip_uacce'].map((m) =>
          path.join(modules, `${m}.ko`),
        ),
      }),
      env: { SOAK: process.env.WARPDRIVE_VM_SOAK ?? '10' },
      seconds: 800,
    };
  },
  { minimum: 45 },
);
