// The uacce sibling on the kernel's own uacce.c, used by raw calls.

const path = require('node:path');
const { guestTest } = require('./support/cases');
const build = require('./support/build');
const { kernel, uacceSource } = require('./support/kernel');

guestTest(
  'uacce: kernel side',
  () => {
    const linux = kernel();
    const modules = build.buildModules(linux, uacceSource());
    build.buildClient('uacce_conformance');
    return {
      name: 'uacce-kernel',
      script: 'uacce-kernel.sh',
      vmlinux: linux.vmlinux,
      initramfs: build.buildInitramfs('uacce-kernel', {
        stock: build.resolveModules(linux.modules, build.HOST_FILES),
        own: ['sva_shim', 'uacce', 'hisi_zip_sim', 'hisi_zip_uacce'].map((m) =>
          path.join(modules, `${m}.ko`),
        ),
      }),
      seconds: 280,
    };
  },
  { minimum: 40 },
);
