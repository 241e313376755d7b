// What is written to the streams.

const { noise, mixed } = require('../support/data');
const { DECOMPRESSORS, FORMATS } = require('../support/formats');
const { node } = require('../support/subject');

const isDecompressor = (Class) => DECOMPRESSORS.includes(Class);
const plain = mixed(4_000_000, 7);
const garbage = noise(2_000_000, 8);
const cache = new Map();

/** The first `size` bytes of `plain`, packed in the format that `Class` reads. */
function packed(Class, size) {
  const key = `${Class} ${size}`;
  if (!cache.has(key)) {
    const format = FORMATS.find(({ Decompressor }) => Decompressor === Class) ?? FORMATS[0];
    cache.set(key, node[`${format.compress}Sync`](plain.subarray(0, size), { level: 1 }));
  }
  return cache.get(key);
}

/**
 * An endless supply of input for a stream of `Class`: for a compressor anything, for a decompressor
 * the `body` {size, damage, tail}: a packed stream of `size` bytes, `damage` (null, or the place
 * where bytes are wrong, 0 to 1), and `tail` bytes of garbage behind it, again and again.
 */
class Supply {
  constructor(Class, { size, damage, tail }) {
    this.offset = 0;
    if (!isDecompressor(Class)) {
      this.bytes = plain;
      return;
    }
    this.bytes = Buffer.concat([packed(Class, size), garbage.subarray(0, tail)]);
    if (damage === null) return;
    const at = Math.floor(damage * (this.bytes.length - 1));
    this.bytes.fill(0xff, at, Math.min(at + 12, this.bytes.length));
  }

  take(size) {
    const parts = [];
    for (let left = size; left > 0; ) {
      const part = this.bytes.subarray(this.offset, this.offset + left);
      this.offset = (this.offset + part.length) % this.bytes.length;
      left -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
}

module.exports = { Supply, garbage, isDecompressor, packed, plain };
