// What is compressed: pieces of large pools of bytes of several kinds, made once for each seed.

const { KINDS } = require('../support/data');
const { choices } = require('./random');

const POOL_BYTES = 3_000_000;
const WINDOW = 32768;

/** Few frequent bytes and many rare ones: the longest Huffman codes there are. */
function skewed(size, start) {
  const random = choices(start);
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = 3 * Math.clz32(random.next()) + (i & 1);
  return bytes;
}

/** Noise that comes again after about as many bytes as a window has, less some, plus some. */
function distant(size, start) {
  const random = choices(start);
  const bytes = KINDS.noise(size, start);
  let offset = WINDOW + 300;
  while (offset < size) {
    const length = random.between(3, 400);
    const distance = WINDOW + random.between(-300, 2);
    bytes.copy(bytes, offset, offset - distance, Math.min(offset - distance + length, size));
    offset += length + random.below(60);
  }
  return bytes;
}

/** Lines of numbers, names and times. */
function records(size, start) {
  const random = choices(start);
  const parts = [];
  let length = 0;
  for (let id = 0; length < size; id++) {
    const part = `{"id":${id},"t":${random.next()},"ok":${random.chance(90)},"v":[${random.below(99)}]}\n`;
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join(''), 'latin1').subarray(0, size);
}

const MAKERS = { ...KINDS, skewed, distant, records };
const NAMES = Object.keys(MAKERS);
const pools = new Map();

function poolOf(name, seed) {
  const key = `${name} ${seed}`;
  if (!pools.has(key)) pools.set(key, MAKERS[name](POOL_BYTES, 1 + choices(seed).next()));
  return pools.get(key);
}

/** {name, bytes}: `size` bytes (at most 3 MB) of a kind that `random` picks. */
function plainOf(random, seed, size, names = NAMES) {
  const name = random.pick(names);
  const pool = poolOf(name, seed);
  const offset = random.below(pool.length - size + 1);
  return { name, bytes: pool.subarray(offset, offset + size) };
}

module.exports = { plainOf };
