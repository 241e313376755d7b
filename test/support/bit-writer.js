// Writes DEFLATE by hand (RFC 1951), to make streams that no compressor makes.

/** The order in which the lengths of the code length code are sent (RFC 1951 §3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

class BitWriter {
  constructor() {
    this.bits = [];
  }

  /** A number of `count` bits, least significant first. */
  number(value, count) {
    for (let i = 0; i < count; i++) this.bits.push((value >> i) & 1);
    return this;
  }

  /** A Huffman code, given as a string of bits in the order they are sent. */
  code(bits) {
    for (const bit of bits) this.bits.push(Number(bit));
    return this;
  }

  block(type, { last = true } = {}) {
    return this.number(last ? 1 : 0, 1).number(type, 2);
  }

  /** Counts of a dynamic block's codes: what is sent is less by 257, 1 and 4. */
  counts(literals, distances, lengthCodes) {
    return this.number(literals - 257, 5)
      .number(distances - 1, 5)
      .number(lengthCodes - 4, 4);
  }

  /** Lengths of the code length code, {symbol: length}; `count` of them are sent. */
  lengthCode(lengths, count) {
    for (const symbol of LENGTH_ORDER.slice(0, count)) this.number(lengths[symbol] ?? 0, 3);
    return this;
  }

  toBuffer() {
    const bytes = Buffer.alloc(Math.ceil(this.bits.length / 8));
    for (const [i, bit] of this.bits.entries()) bytes[i >> 3] |= bit << (i & 7);
    return bytes;
  }
}

module.exports = { BitWriter };
