// Deflate blocks that no compressor makes: wrong ones, and right ones with strange codes.

const { BAD_BLOCKS } = require('../support/bad-blocks');
const { BitWriter } = require('../support/bit-writer');

const CODE_LENGTHS = 19;
const MAX_LENGTH = 15;

/** Lengths of a complete code of `count` symbols, the longest 15 bits, by splitting leaves. */
function completeLengths(random, count) {
  if (count === 1) return [1];
  const leaves = [1, 1];
  while (leaves.length < count) {
    const at = random.chance(50) ? leaves.length - 1 : random.below(leaves.length);
    const shallow =
      leaves[at] < MAX_LENGTH ? at : leaves.findIndex((length) => length < MAX_LENGTH);
    leaves[shallow]++;
    leaves.push(leaves[shallow]);
  }
  return leaves;
}

/** Lengths for an alphabet of `size` of which `used` random symbols (and `needed`) have a code. */
function alphabet(random, size, used, needed = []) {
  const symbols = new Set(needed);
  while (symbols.size < Math.min(used, size)) symbols.add(random.below(size));
  const lengths = Array(size).fill(0);
  const code = completeLengths(random, symbols.size);
  for (const symbol of symbols) lengths[symbol] = code.pop();
  return lengths;
}

/** Codes (strings of bits as they are sent) of a canonical code (RFC 1951 §3.2.2). */
function codesOf(lengths) {
  const codes = {};
  let code = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      codes[symbol] = code.toString(2).padStart(length, '0');
      code++;
    }
    code <<= 1;
  }
  return codes;
}

/** One wrong length in one of the codes, or none. */
function maybeWrong(random, lengths) {
  if (random.chance(30)) lengths[random.below(lengths.length)] = random.below(MAX_LENGTH + 1);
}

function dynamicBlock(random) {
  const bits = new BitWriter().block(2, { last: random.chance(60) });
  const literals = alphabet(random, random.between(257, 288), random.between(2, 60), [256]);
  const distances = alphabet(random, random.between(1, 32), random.below(20));
  if (random.chance(15)) distances.fill(0);
  maybeWrong(random, literals);
  maybeWrong(random, distances);
  const plainCode = Object.fromEntries(
    alphabet(random, 16, 16).map((length, symbol) => [symbol, length]),
  );
  if (Object.values(plainCode).some((length) => length > 7)) {
    for (let symbol = 0; symbol < 16; symbol++) plainCode[symbol] = 4;
  }
  bits.counts(literals.length, distances.length, CODE_LENGTHS);
  bits.lengthCode(plainCode, CODE_LENGTHS);
  const codes = codesOf(Array.from({ length: 16 }, (_, symbol) => plainCode[symbol]));
  for (const length of [...literals, ...distances]) bits.code(codes[length]);
  symbols(random, bits, codesOf(literals), codesOf(distances));
  return bits;
}

/** Random symbols that have codes, extra bits where they have some, and mostly an end. */
function symbols(random, bits, literals, distances) {
  const known = Object.keys(literals).map(Number);
  for (let i = random.upTo(200); i > 0; i--) {
    const symbol = random.pick(known);
    if (symbol === 256) continue;
    bits.code(literals[symbol]);
    if (symbol < 256) continue;
    const extra = symbol < 265 || symbol >= 285 ? 0 : (symbol - 261) >> 2;
    bits.number(random.next() & 0x1f, extra);
    const distance = random.pick([0, ...Object.keys(distances).map(Number)]);
    bits.code(distances[distance] ?? '0');
    bits.number(random.next() & 0x1fff, distance < 4 ? 0 : (distance - 2) >> 1);
  }
  if (random.chance(85) && literals[256] !== undefined) bits.code(literals[256]);
}

const fixedLiterals = codesOf(
  Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const fixedDistances = codesOf(Array(32).fill(5));

function fixedBlock(random) {
  const bits = new BitWriter().block(1, { last: random.chance(60) });
  symbols(random, bits, fixedLiterals, fixedDistances);
  return bits;
}

function storedBlock(random) {
  const size = random.upTo(60);
  const bits = new BitWriter().block(0, { last: random.chance(60) });
  // How many bits fill the byte depends on where the block is put: sometimes it fits.
  bits
    .number(0, random.below(8))
    .number(size, 16)
    .number(0xffff - size, 16);
  for (let i = 0; i < size; i++) bits.number(random.below(256), 8);
  return bits;
}

/** Bits (0 or 1 each) of one to three blocks. */
function blockBits(random) {
  const makers = [dynamicBlock, fixedBlock, storedBlock];
  if (random.chance(35)) return random.pick(Object.values(BAD_BLOCKS))[0].bits;
  return Array.from(
    { length: random.between(1, 3) },
    () => random.pick(makers)(random).bits,
  ).flat();
}

module.exports = { blockBits };
