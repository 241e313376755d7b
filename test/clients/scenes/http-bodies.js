// Response bodies by name: {encoding, body, step}; with `step` sent in pieces of that many bytes.
// pako packs them, so that they are the same with the preload and without.

const zlib = require('node:zlib');
const pako = require('pako');
const { noise, text, zeros } = require('../../support/data');

const plain = text(100_000, 3);
const small = text(300, 4);
const gzip = (bytes) => Buffer.from(pako.gzip(bytes));
const deflate = (bytes) => Buffer.from(pako.deflate(bytes));
const deflateRaw = (bytes) => Buffer.from(pako.deflateRaw(bytes));

function flip(bytes, offset) {
  const copy = Buffer.from(bytes);
  copy[offset < 0 ? copy.length + offset : offset] ^= 0xff;
  return copy;
}

const BODIES = {};

function addEach(prefix, encoding, pack) {
  const whole = pack(plain);
  const little = pack(small);
  const add = (name, body, step) => {
    BODIES[`${prefix} ${name}`] = { encoding, body, step };
  };
  add('whole', whole);
  add('small', little);
  add('in pieces', whole, 777);
  add('byte by byte', little, 1);
  for (const end of [1, 2, 11, 5000, -1, -8]) add(`cut ${end}`, whole.subarray(0, end));
  for (const offset of [0, 1, 3, 12, 20_000, -1, -5]) add(`flip ${offset}`, flip(whole, offset));
  add('and garbage', Buffer.concat([whole, Buffer.alloc(30, 'garbage')]));
  add('and zeros', Buffer.concat([whole, Buffer.alloc(30)]));
  add('twice', Buffer.concat([whole, whole]));
  add('three in pieces', Buffer.concat([whole, little, whole]), 1000);
  add('empty', Buffer.alloc(0));
  add('empty in pieces', Buffer.alloc(0), 10);
  add('one zero', Buffer.alloc(1));
  add('not compressed', plain.subarray(0, 1000));
}
addEach('gzip', 'gzip', gzip);
addEach('deflate', 'deflate', deflate);
addEach('raw', 'deflate', deflateRaw);

const brotli = zlib.brotliCompressSync(plain);
Object.assign(BODIES, {
  'gzip of nothing': { encoding: 'gzip', body: gzip(Buffer.alloc(0)) },
  'x-gzip': { encoding: 'x-gzip', body: gzip(plain) },
  GZIP: { encoding: 'GZIP', body: gzip(plain) },
  'gzip of noise': { encoding: 'gzip', body: gzip(noise(100_000)) },
  'gzip of zeros': { encoding: 'gzip', body: gzip(zeros(2 << 20)) },
  br: { encoding: 'br', body: brotli },
  'br cut': { encoding: 'br', body: brotli.subarray(0, 300) },
  'gzip, deflate': { encoding: 'gzip, deflate', body: deflate(gzip(plain)) },
  'deflate, gzip': { encoding: 'deflate, gzip', body: gzip(deflateRaw(plain)) },
  'gzip, gzip': { encoding: 'gzip,gzip', body: gzip(gzip(plain)) },
  'deflate, br': { encoding: 'deflate, br', body: zlib.brotliCompressSync(deflate(plain)) },
  'gzip, gzip flip': { encoding: 'gzip, gzip', body: gzip(flip(gzip(plain), 1000)) },
  'gzip, gzip cut': { encoding: 'gzip, gzip', body: gzip(gzip(plain).subarray(0, 4000)) },
  identity: { encoding: 'identity', body: plain },
  none: { body: plain },
  unknown: { encoding: 'unknown', body: plain },
});

const slow = gzip(plain);

module.exports = { BODIES, slow };
