// Damage to right streams, aimed at their structures.

const { blockBits } = require('./blocks');

const MOST_BYTES = 300;

const cat = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const randomBytes = (random, size) => Buffer.from(Array.from({ length: size }, random.next));

/** A part of a kind that is picked first, so that rare kinds are damaged as often as others. */
function pickPart(random, { parts, bytes }) {
  // Behind the first 64 KiB of a member another decoder works.
  const late = parts.filter(({ bit }) => bit > 8 * 70_000);
  const among = bytes.length > 100_000 && late.length > 0 && random.chance(75) ? late : parts;
  const kind = random.pick([...new Set(among.map((part) => part.kind))]);
  return random.pick(among.filter((part) => part.kind === kind));
}

/** A range of bytes in or about a part, not empty unless the stream is. */
function rangeAt(random, bytes, part) {
  const first = part.bit >> 3;
  const size = Math.ceil(((part.bit & 7) + part.bits) / 8);
  const from = random.weighted([
    [3, first],
    [3, first + random.below(size)],
    [1, first + size],
  ]);
  const begin = Math.min(from, bytes.length);
  return [begin, Math.min(bytes.length, begin + 1 + random.upTo(MOST_BYTES))];
}

function flipBits(random, bytes, part) {
  const copy = Buffer.from(bytes);
  for (let i = random.pick([1, 1, 1, 2, 8]); i > 0; i--) {
    const bit = part.bit + random.below(part.bits);
    copy[bit >> 3] ^= 1 << (bit & 7);
  }
  return copy;
}

// Each gives the damaged bytes.
const DAMAGES = {
  flip: flipBits,
  'set byte': (random, bytes, part) => {
    const copy = Buffer.from(bytes);
    copy[(part.bit + random.below(part.bits)) >> 3] = random.pick([0, 255, random.below(256)]);
    return copy;
  },
  overwrite: (random, bytes, part) => {
    const [begin, end] = rangeAt(random, bytes, part);
    const fill = random.pick([Buffer.alloc(end - begin), randomBytes(random, end - begin)]);
    return cat(bytes.subarray(0, begin), fill, bytes.subarray(end));
  },
  truncate: (random, bytes, part) => bytes.subarray(0, rangeAt(random, bytes, part)[0]),
  insert: (random, bytes, part) => {
    const [begin, end] = rangeAt(random, bytes, part);
    const fill = random.pick([Buffer.alloc(end - begin), randomBytes(random, end - begin)]);
    return cat(bytes.subarray(0, begin), fill, bytes.subarray(begin));
  },
  delete: (random, bytes, part) => {
    const [begin, end] = rangeAt(random, bytes, part);
    return cat(bytes.subarray(0, begin), bytes.subarray(end));
  },
  duplicate: (random, bytes, part) => {
    const [begin, end] = rangeAt(random, bytes, part);
    return cat(bytes.subarray(0, end), bytes.subarray(begin));
  },
  swap: (random, bytes, part, { parts }) => {
    const copy = Buffer.from(bytes);
    const other = random.pick(parts).bit >> 3;
    const [begin, end] = rangeAt(random, bytes, part);
    const size = Math.min(end - begin, bytes.length - other);
    bytes.copy(copy, other, begin, begin + size);
    bytes.copy(copy, begin, other, other + size);
    return copy;
  },
  splice: (random, bytes, part) => {
    const crafted = blockBits(random);
    const tail = random.pick([
      Buffer.alloc(random.below(20)),
      bytes.subarray((part.bit + part.bits) >> 3),
    ]);
    return cat(withBits(bytes, part.bit, crafted), tail);
  },
};

/** The first `at` bits of `bytes`, then `bits`, filled up with zeros to a whole byte. */
function withBits(bytes, at, bits) {
  const result = Buffer.alloc(Math.ceil((at + bits.length) / 8));
  bytes.copy(result, 0, 0, Math.min(bytes.length, (at + 7) >> 3));
  if (at & 7) result[at >> 3] &= (1 << (at & 7)) - 1;
  for (const [i, bit] of bits.entries()) result[(at + i) >> 3] |= bit << ((at + i) & 7);
  return result;
}

/** What may come behind a stream. */
function trailing(random, bytes) {
  const zeros = Buffer.alloc(random.upTo(700));
  const garbage = randomBytes(random, 1 + random.upTo(50));
  return random.pick([
    () => cat(bytes, zeros),
    () => cat(bytes, garbage),
    () => cat(bytes, zeros, garbage),
    () => cat(bytes, [0x1f]),
    () => cat(bytes, [0x1f, 0x8b], garbage),
    () => cat(bytes, [0x1f, 0x8b, 8], garbage),
    () => cat(bytes, bytes.subarray(0, 1 + random.upTo(bytes.length))),
    () => cat(bytes, zeros, bytes),
    () => cat(bytes, bytes.length < 2_000_000 ? bytes : garbage),
  ])();
}

/** Something between two members: zeros, garbage, or nothing where there is no border. */
function between(random, { bytes, parts }) {
  const starts = parts.filter((part, i) => i > 0 && part.member !== parts[i - 1].member);
  if (starts.length === 0) return trailing(random, bytes);
  const at = random.pick(starts).bit >> 3;
  const fill = random.pick([
    Buffer.alloc(1 + random.upTo(600)),
    randomBytes(random, 1 + random.upTo(9)),
  ]);
  return cat(bytes.subarray(0, at), fill, bytes.subarray(at));
}

/** {bytes, at, what}: a stream with random damage; `at` is about where it begins, in bytes. */
function damaged(random, stream) {
  const { bytes } = stream;
  const way = random.weighted([
    [15, 'none'],
    [12, 'trailing'],
    [8, 'between'],
    [65, 'part'],
  ]);
  if (way === 'none') return { bytes, at: random.below(bytes.length + 1), what: 'right' };
  if (way === 'trailing') {
    return { bytes: trailing(random, bytes), at: bytes.length, what: 'trailing' };
  }
  if (way === 'between') return { bytes: between(random, stream), at: bytes.length, what: way };
  const part = pickPart(random, stream);
  const name = random.weighted([
    [4, 'flip'],
    [2, 'set byte'],
    [2, 'overwrite'],
    [3, 'truncate'],
    [2, 'insert'],
    [2, 'delete'],
    [2, 'duplicate'],
    [2, 'swap'],
    [3, 'splice'],
  ]);
  let result = DAMAGES[name](random, bytes, part, stream);
  let what = `${name} at ${part.kind}, bit ${part.bit}`;
  if (random.chance(8)) {
    result = trailing(random, result);
    what += ', trailing';
  }
  return { bytes: result, at: part.bit >> 3, what };
}

module.exports = { damaged };
