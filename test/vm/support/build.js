// Builds our kernel modules, the C clients, and the initramfs of one guest.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { run, shell } = require('./run');

const ROOT = path.resolve(__dirname, '../../..');
/** Stock modules that give a guest the host's files. */
const HOST_FILES = ['virtio_pci', '9p', '9pnet_virtio', 'overlay'];
const KERNEL_SOURCES = path.join(ROOT, 'native/kernel');
const OUT = path.join(ROOT, 'test/vm/out');

/** Names everything that goes into the modules. */
function fingerprint(kernel, files) {
  const hash = createHash('sha256').update(kernel.abi);
  for (const file of files) hash.update(path.basename(file)).update(fs.readFileSync(file));
  return hash.digest('hex');
}

/**
 * Builds native/kernel, and uacce.c beside it, against the kernel's headers; once for all tests.
 * @param {object} kernel as kernel() of kernel.js
 * @param {string} uacce path of the kernel's uacce.c
 * @returns {string} folder of the .ko files
 */
function buildModules(kernel, uacce) {
  const sources = fs.readdirSync(KERNEL_SOURCES).map((file) => path.join(KERNEL_SOURCES, file));
  const files = [...sources, uacce].filter((file) => !file.endsWith('.md'));
  const folder = path.join(OUT, 'modules');
  const stamp = path.join(folder, '.sources');
  const wanted = fingerprint(kernel, files);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const file of files) fs.copyFileSync(file, path.join(folder, path.basename(file)));
  run('make', ['-s', '-C', kernel.build, `M=${folder}`, 'modules']);
  fs.writeFileSync(stamp, wanted);
  return folder;
}

/** Builds a program of test/vm/client; returns its path. */
function buildClient(name) {
  const folder = path.join(ROOT, 'test/vm/client');
  const to = path.join(OUT, name);
  fs.mkdirSync(OUT, { recursive: true });
  const sources = [`${name}.c`, 'engine_cases.c', 'zip_client.c'].map((f) => path.join(folder, f));
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];
  run('gcc', [...flags, '-o', to, ...sources, '-lz']);
  return to;
}

/** Builds the modelled function that QEMU talks to; returns the program's path. */
function buildModelServer() {
  const folder = path.join(ROOT, 'test/model');
  run('make', ['-s', '-C', folder, '-j2', 'server']);
  return path.join(folder, 'out/plain/vfio_user_server');
}

/** Builds the program that uses native/warpdrive without Node; returns its path. */
function buildDriverCases() {
  run('make', ['-s', '-C', path.join(ROOT, 'test/vm/client'), '-j2']);
  return path.join(OUT, 'driver_cases');
}

/** Stock modules by name, with what they depend on, in loading order: paths. */
function resolveModules(folder, names) {
  const files = run('find', [folder, '-name', '*.ko']).trim().split('\n');
  const byName = new Map(files.map((f) => [path.basename(f, '.ko').replaceAll('-', '_'), f]));
  const order = [];
  const add = (name) => {
    const file = byName.get(name.replaceAll('-', '_'));
    if (!file) throw new Error(`the kernel has no module ${name}`);
    if (order.includes(file)) return;
    run('modinfo', ['-F', 'depends', file]).trim().split(',').filter(Boolean).forEach(add);
    order.push(file);
  };
  names.forEach(add);
  return order;
}

/**
 * An initramfs: busybox, stock modules, our modules, and init.
 * @param {string} name of the file in out/
 * @param {object} parts
 * @param {string[]} parts.stock paths of stock modules, loaded in this order by init
 * @param {string[]} parts.own paths of our modules, in /modules of the guest
 * @returns {string} its path
 */
function buildInitramfs(name, { stock, own }) {
  const folder = path.join(OUT, `${name}.root`);
  fs.rmSync(folder, { recursive: true, force: true });
  for (const sub of ['bin', 'proc', 'sys', 'dev', 'tmp', 'host', 'root', 'modules']) {
    fs.mkdirSync(path.join(folder, sub), { recursive: true });
  }
  fs.copyFileSync('/bin/busybox', path.join(folder, 'bin/busybox'));
  fs.copyFileSync(path.join(ROOT, 'test/vm/guest/init'), path.join(folder, 'init'));
  fs.chmodSync(path.join(folder, 'init'), 0o755);
  for (const file of [...stock, ...own]) {
    run('strip', ['--strip-debug', '-o', path.join(folder, 'modules', path.basename(file)), file]);
  }
  fs.writeFileSync(
    path.join(folder, 'modules/order'),
    stock.map((f) => `${path.basename(f)}\n`).join(''),
  );
  const to = path.join(OUT, `${name}.cpio.gz`);
  shell('cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1 >"$2"', folder, to);
  fs.rmSync(folder, { recursive: true });
  return to;
}

module.exports = {
  ROOT,
  OUT,
  HOST_FILES,
  buildModules,
  buildClient,
  buildDriverCases,
  buildModelServer,
  resolveModules,
  buildInitramfs,
};
