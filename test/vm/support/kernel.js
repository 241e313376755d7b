// Debian's kernel packages, unpacked in a cache outside the checkout.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run, shell } = require('./run');

const CACHE =
  process.env.WARPDRIVE_VM_CACHE ||
  path.join(
    process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
    'warpdrive-zlib',
    'vm',
  );

/** What of the image package the guests need: the kernel, and these modules' folders. */
const IMAGE_PARTS = [
  './boot/vmlinuz*',
  ...['drivers/vfio', 'drivers/virtio', 'fs/9p', 'fs/netfs', 'fs/fscache', 'net/9p']
    .concat(['fs/overlayfs', 'virt'])
    .map((folder) => `./lib/modules/*/kernel/${folder}*`),
];

/** The kernel that Debian's meta package asks for now: older ones leave the mirrors. */
function currentAbi() {
  const found = run('apt-cache', ['depends', 'linux-image-amd64']).match(
    /linux-image-(\d\S*)-amd64/,
  );
  if (!found)
    throw new Error('apt-cache names no kernel for linux-image-amd64; run apt-get update');
  return found[1];
}

function download(folder, packages) {
  fs.mkdirSync(folder, { recursive: true });
  run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...packages], { cwd: folder });
}

/** Runs `make(folder)` once: what was interrupted is made again. */
function once(folder, make) {
  const done = path.join(folder, '.done');
  if (fs.existsSync(done)) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  make(folder);
  fs.writeFileSync(done, '');
  return folder;
}

/**
 * The kernel as an ELF file, taken out of the bzImage: a guest without hardware acceleration needs
 * several seconds to decompress itself, and QEMU boots an ELF kernel with a PVH note directly.
 */
function extractVmlinux(bzImage, to) {
  const image = fs.readFileSync(bzImage);
  // Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length.
  const start = ((image[0x1f1] || 4) + 1) * 512 + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c));
  const vmlinux = run('xz', ['-dc', '--single-stream'], { input: payload, encoding: 'buffer' });
  if (vmlinux.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${bzImage}: no ELF file inside`);
  fs.writeFileSync(to, vmlinux);
}

function unpackHeaders(abi, folder) {
  const debs = path.join(folder, 'debs');
  const version = abi.split('.').slice(0, 2).join('.');
  download(debs, [
    `linux-headers-${abi}-amd64`,
    `linux-headers-${abi}-common`,
    `linux-kbuild-${version}`,
  ]);
  for (const deb of fs.readdirSync(debs)) run('dpkg-deb', ['-x', path.join(debs, deb), folder]);
  const build = path.join(folder, 'usr/src', `linux-headers-${abi}-amd64`);
  const makefile = path.join(build, 'Makefile');
  const text = fs.readFileSync(makefile, 'utf8');
  fs.writeFileSync(makefile, text.replaceAll('/usr/src/', `${folder}/usr/src/`));
  fs.rmSync(debs, { recursive: true });
}

function unpackImage(abi, folder) {
  const debs = path.join(folder, 'debs');
  download(debs, [`linux-image-${abi}-amd64`]);
  const [deb] = fs.readdirSync(debs);
  shell(
    'deb=$1 to=$2; shift 2; dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$to" --wildcards "$@"',
    path.join(debs, deb),
    folder,
    ...IMAGE_PARTS,
  );
  extractVmlinux(path.join(folder, 'boot', `vmlinuz-${abi}-amd64`), path.join(folder, 'vmlinux'));
  fs.rmSync(debs, { recursive: true });
}

function unpackUacce(abi, folder) {
  const debs = path.join(folder, 'debs');
  const version = abi.split('.').slice(0, 2).join('.');
  download(debs, [`linux-source-${version}`]);
  const [deb] = fs.readdirSync(debs);
  shell(
    `dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/linux-source-$3.tar.xz" | xz -dc |
       tar -xO --wildcards '*/drivers/misc/uacce/uacce.c' >"$2/uacce.c"`,
    path.join(debs, deb),
    folder,
    version,
  );
  fs.rmSync(debs, { recursive: true });
}

/**
 * @returns {{abi: string, build: string, vmlinux: string, modules: string}} `build`: what modules
 *   are built against; `modules`: folder of the stock modules
 */
function kernel() {
  const abi = currentAbi();
  const folder = path.join(CACHE, abi);
  const headers = once(path.join(folder, 'headers'), (to) => unpackHeaders(abi, to));
  const image = once(path.join(folder, 'image'), (to) => unpackImage(abi, to));
  return {
    abi,
    build: path.join(headers, 'usr/src', `linux-headers-${abi}-amd64`),
    vmlinux: path.join(image, 'vmlinux'),
    modules: path.join(image, 'lib/modules', `${abi}-amd64`, 'kernel'),
  };
}

/** The kernel's own uacce.c, which Debian's amd64 kernel leaves out: path of the unmodified file. */
function uacceSource() {
  const abi = currentAbi();
  const folder = once(path.join(CACHE, abi, 'uacce'), (to) => unpackUacce(abi, to));
  return path.join(folder, 'uacce.c');
}

module.exports = { kernel, uacceSource, once, CACHE };
