// A folder with one of everything that gzip(1) has rules for.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { emptyFolder, namedMember } = require('./helpers');

const plain = Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i}\n`).join(''));
const packed = zlib.gzipSync(plain);

function flipped(offset) {
  const bytes = Buffer.from(packed);
  bytes[offset < 0 ? bytes.length + offset : offset] ^= 1;
  return bytes;
}

const FILES = {
  a: plain,
  b: plain,
  'with space': plain,
  empty: '',
  old: plain,
  exists: plain,
  'exists.gz': 'not to be lost',
  'w.gz': packed,
  'named.gz': namedMember(plain, Buffer.from('original'), 981173106),
  'dot.gz': namedMember(plain, Buffer.from('a/../dot2')),
  'x.tgz': packed,
  'x.taz': packed,
  'y.Z': packed,
  'z.GZ': packed,
  'dash-gz': packed,
  'plain.gz': plain,
  'empty.gz': '',
  'two.gz': Buffer.concat([packed, packed]),
  'garbage.gz': Buffer.concat([packed, Buffer.from('garbage')]),
  'zeros.gz': Buffer.concat([packed, Buffer.alloc(2_000_000)]),
  'zeros-then.gz': Buffer.concat([packed, Buffer.from('\0\0\0x')]),
  'magic.gz': Buffer.concat([packed, Buffer.from('1f', 'hex')]),
  'cut.gz': packed.subarray(0, packed.length >> 1),
  'cut-header.gz': packed.subarray(0, 5),
  'cut-trailer.gz': packed.subarray(0, -4),
  'cut-second.gz': Buffer.concat([packed, packed.subarray(0, 50)]),
  'crc.gz': flipped(-6),
  'length.gz': flipped(-2),
  'method.gz': flipped(2),
  'd/x': plain,
  'd/z.gz': packed,
  'd/e/y': plain,
  'packed/p.gz': packed,
  'packed/q/r.gz': packed,
  'tree/a': plain,
  'tree/b/c': plain,
  'dir.gz/inside': '',
  dir: plain,
};

const SPECIAL = {
  'b-link': (file) => fs.linkSync(path.join(path.dirname(file), 'b'), file),
  'a-symlink': (file) => fs.symlinkSync('a', file),
  'd/symlink': (file) => fs.symlinkSync('x', file),
  'd/dir-symlink': (file) => fs.symlinkSync('e', file),
  dangling: (file) => fs.symlinkSync('nowhere', file),
  fifo: (file) => execFileSync('mkfifo', [file]),
  setuid: (file) => writeWithMode(file, 0o4755),
  setgid: (file) => writeWithMode(file, 0o2755),
  sticky: (file) => writeWithMode(file, 0o1644),
};

function writeWithMode(file, mode) {
  fs.writeFileSync(file, plain);
  fs.chmodSync(file, mode);
}

/** Makes the part of the folder that `args` can be about; the same one each time. */
function makeFixture(args) {
  const folder = emptyFolder();
  const stems = args.map((arg) => arg.replace(/[/.].*/, ''));
  const isAsked = (name) =>
    stems.some((stem) => stem !== '' && (name.startsWith(stem) || stem.startsWith(name)));
  for (const [name, content] of Object.entries({ ...FILES, ...SPECIAL }).filter(([name]) =>
    isAsked(name),
  )) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (typeof content === 'function') content(file);
    else fs.writeFileSync(file, content);
    fs.lutimesSync(file, 1e9, new Date(name === 'old' ? -1e9 : 1.1e12));
  }
  return folder;
}

module.exports = { makeFixture };
