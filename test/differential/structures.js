// Where the parts of gzip, zlib and raw deflate streams lie, so that damage can be aimed at them.
// Reads right streams only (RFC 1950, 1951, 1952), without making their output.

const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_CODE = 15;
const END_OF_BLOCK = 256;
const GZIP_HEADER_BYTES = 10;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;

const LENGTH_EXTRA = Array.from({ length: 29 }, (_, i) => (i < 8 || i === 28 ? 0 : (i - 4) >> 2));
const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, i) => (i < 4 ? 0 : (i - 2) >> 1));

/** Table of a canonical code: for the next 15 bits, symbol << 4 | code length. */
function tableOf(lengths) {
  const counts = new Uint16Array(MAX_CODE + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_CODE + 2);
  for (let length = 1; length <= MAX_CODE; length++) {
    next[length + 1] = (next[length] + counts[length]) << 1;
  }
  const table = new Uint16Array(1 << MAX_CODE);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const code = next[length]++;
    let reversed = 0;
    for (let i = 0; i < length; i++) reversed |= ((code >> i) & 1) << (length - 1 - i);
    for (let i = reversed; i < table.length; i += 1 << length) table[i] = (symbol << 4) | length;
  }
  return table;
}

const FIXED_LITERALS = tableOf(
  Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = tableOf(Array(30).fill(5));

class Walker {
  constructor(bytes) {
    // Codes are looked up 15 bits at a time, beyond the end too.
    this.bytes = Buffer.concat([bytes, Buffer.alloc(4)]);
    this.end = bytes.length;
    this.bit = 0;
    this.member = 0;
    this.parts = [];
  }

  get byte() {
    return this.bit >> 3;
  }

  peek() {
    const { bytes, byte } = this;
    return (bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)) >> (this.bit & 7);
  }

  take(count) {
    const value = this.peek() & ((1 << count) - 1);
    this.bit += count;
    return value;
  }

  decode(table) {
    const entry = table[this.peek() & 0x7fff];
    if (entry === 0 || this.byte > this.end) throw new Error(`no code at bit ${this.bit}`);
    this.bit += entry & 15;
    return entry >> 4;
  }

  /** Notes that a part goes from bit `start` to here. */
  note(kind, start) {
    const bits = this.bit - start;
    if (bits > 0) this.parts.push({ kind, bit: start, bits, member: this.member });
  }

  field(kind, bytes) {
    const start = this.bit;
    this.bit += 8 * bytes;
    this.note(kind, start);
  }

  text(kind) {
    this.field(kind, this.bytes.indexOf(0, this.byte) + 1 - this.byte);
  }

  gzipHeader() {
    const flags = this.bytes[this.byte + 3];
    const sizes = { magic: 2, method: 1, flags: 1, mtime: 4, 'xfl and os': 2 };
    for (const [kind, size] of Object.entries(sizes)) this.field(kind, size);
    if (flags & FEXTRA) {
      const size = this.bytes.readUInt16LE(this.byte);
      this.field('extra length', 2);
      this.field('extra', size);
    }
    if (flags & FNAME) this.text('name');
    if (flags & FCOMMENT) this.text('comment');
    if (flags & FHCRC) this.field('header crc', 2);
  }

  zlibHeader() {
    const hasDictionary = this.bytes[this.byte + 1] & 0x20;
    this.field('zlib header', 2);
    if (hasDictionary) this.field('dictionary id', 4);
  }

  deflate() {
    let last;
    do {
      const start = this.bit;
      last = this.take(1);
      const type = this.take(2);
      this.note('block header', start);
      if (type === 0) this.stored();
      else if (type === 1) this.symbols(FIXED_LITERALS, FIXED_DISTANCES);
      else this.dynamic();
    } while (!last);
    const start = this.bit;
    this.bit = (this.bit + 7) & ~7;
    this.note('last bits', start);
  }

  stored() {
    const start = this.bit;
    this.bit = (this.bit + 7) & ~7;
    this.note('stored alignment', start);
    const size = this.bytes.readUInt16LE(this.byte);
    this.field('stored lengths', 4);
    this.field('stored data', size);
  }

  dynamic() {
    let start = this.bit;
    const literals = this.take(5) + 257;
    const distances = this.take(5) + 1;
    const count = this.take(4) + 4;
    this.note('dynamic counts', start);
    start = this.bit;
    const lengths = Array(19).fill(0);
    for (const symbol of LENGTH_ORDER.slice(0, count)) lengths[symbol] = this.take(3);
    this.note('length code', start);
    start = this.bit;
    const codes = this.codeLengths(tableOf(lengths), literals + distances);
    this.note('code lengths', start);
    this.symbols(tableOf(codes.slice(0, literals)), tableOf(codes.slice(literals)));
  }

  codeLengths(table, count) {
    const codes = [];
    while (codes.length < count) {
      const symbol = this.decode(table);
      if (symbol < 16) codes.push(symbol);
      else if (symbol === 16) codes.push(...Array(3 + this.take(2)).fill(codes.at(-1)));
      else codes.push(...Array(symbol === 17 ? 3 + this.take(3) : 11 + this.take(7)).fill(0));
    }
    return codes;
  }

  symbols(literals, distances) {
    const start = this.bit;
    for (;;) {
      const before = this.bit;
      const symbol = this.decode(literals);
      if (symbol === END_OF_BLOCK) {
        this.parts.push({
          kind: 'symbols',
          bit: start,
          bits: Math.max(1, before - start),
          member: this.member,
        });
        this.note('end of block', before);
        return;
      }
      if (symbol < END_OF_BLOCK) continue;
      this.bit += LENGTH_EXTRA[symbol - 257];
      const distance = this.decode(distances);
      this.bit += DISTANCE_EXTRA[distance];
    }
  }
}

/**
 * Parts of a stream of `format` ('gzip', 'zlib', 'raw'; gzip may have several members):
 * [{kind, bit, bits, member}], where `bit` counts from the stream's start, in the order of bits
 * in deflate (the lowest of each byte first).
 */
function structuresOf(bytes, format) {
  const walker = new Walker(bytes);
  do {
    const start = walker.bit;
    if (format === 'gzip') walker.gzipHeader();
    if (format === 'zlib') walker.zlibHeader();
    walker.deflate();
    if (format !== 'raw') walker.field('check', 4);
    if (format === 'gzip') walker.field('length', 4);
    if (walker.bit === start) break;
    walker.member++;
  } while (format === 'gzip' && walker.byte + GZIP_HEADER_BYTES < walker.end);
  if (walker.byte !== walker.end) throw new Error(`ends at ${walker.byte} of ${walker.end} bytes`);
  return walker.parts;
}

module.exports = { structuresOf };
