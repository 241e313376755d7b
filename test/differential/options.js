// Random options of compressors and decompressors.

const { node } = require('../support/subject');

/** Whether this Node has rejectGarbageAfterEnd: it then refuses what is no boolean. */
const REJECTS_GARBAGE = (() => {
  try {
    node.createInflate({ rejectGarbageAfterEnd: 'no' }).close();
    return false;
  } catch {
    return true;
  }
})();

const Z_NO_FLUSH = 0;
const Z_BLOCK = 5;
// A push for each chunk: many more would take too long.
const MOST_CHUNKS = 400;

/** `options` without what is undefined. */
function given(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** A chunkSize for about `size` bytes of output, often none. */
function chunkSizeOf(random, size) {
  if (random.chance(50)) return undefined;
  const least = Math.max(64, Math.ceil(size / MOST_CHUNKS));
  return random.weighted([
    [2, least],
    [2, least + random.below(300)],
    [2, least + random.below(20_000)],
    [1, 16384],
    [1, 65536],
    [1, 1 << 20],
  ]);
}

function dictionaryOf(random, plain) {
  const size = random.weighted([
    [3, 1 + random.below(200)],
    [2, 1 + random.below(32768)],
    [1, 32768 + random.below(20_000)],
  ]);
  if (plain.length > 0 && random.chance(70)) {
    const at = random.below(plain.length);
    return Buffer.from(plain.subarray(at, at + size));
  }
  return Buffer.alloc(size, 'warpdrive');
}

/** Options that decide what compressed bytes look like. */
function codingOptions(random, plain, { small }) {
  return given({
    level: random.chance(70) ? random.between(-1, small ? 9 : 7) : undefined,
    windowBits: random.chance(25) ? random.between(8, 15) : undefined,
    memLevel: random.chance(25) ? random.between(1, 9) : undefined,
    strategy: random.chance(25) ? random.between(0, 4) : undefined,
    dictionary: random.chance(12) ? dictionaryOf(random, plain) : undefined,
  });
}

/** Options of a compressing stream or call. */
function compressOptions(random, plain) {
  if (random.chance(15)) return undefined;
  return given({
    ...codingOptions(random, plain, { small: plain.length < 200_000 }),
    chunkSize: chunkSizeOf(random, plain.length),
    flush: random.chance(4) ? random.pick([0, 1, 2, 3, 5]) : undefined,
    finishFlush: random.chance(6) ? random.between(0, 5) : undefined,
    info: random.chance(15) ? true : undefined,
  });
}

/** Dictionary for a reader of a stream that was made with `right` (or without, if undefined). */
function readerDictionary(random, right, plain) {
  if (!right) return random.chance(4) ? dictionaryOf(random, plain) : undefined;
  return random.weighted([
    [6, right],
    [1, undefined],
    [1, dictionaryOf(random, plain)],
    [1, Buffer.concat([right, Buffer.from('x')])],
    [1, right.subarray(0, right.length >> 1)],
  ]);
}

/**
 * Options of a decompressing stream or call for what was made of `plainSize` bytes with the
 * options `made`.
 */
function decompressOptions(random, made, plainSize) {
  const windowBits = random.weighted([
    [6, made.windowBits],
    [4, undefined],
    [1, 0],
    [1, random.between(8, 15)],
  ]);
  const options = given({
    windowBits,
    dictionary: readerDictionary(random, made.dictionary, Buffer.alloc(0)),
    chunkSize: chunkSizeOf(random, plainSize),
    finishFlush: random.weighted([
      [75, undefined],
      [20, 2],
      [5, random.between(0, 5)],
    ]),
    flush: random.chance(3) ? random.pick([0, 1, 2, 3, 5]) : undefined,
    info: random.chance(20) ? true : undefined,
    rejectGarbageAfterEnd: REJECTS_GARBAGE && random.chance(20) ? true : undefined,
  });
  return Object.keys(options).length === 0 && random.chance(50) ? undefined : options;
}

/**
 * maxOutputLength for a one-shot call, often none: near what a decompressor makes; far from what a
 * compressor makes, since compressed bytes differ, and none where it may keep back as it likes.
 */
function withMaxOutput(random, options, { direction, input, plainSize }) {
  const compresses = direction === 'compress';
  const keepsBack = compresses && [Z_NO_FLUSH, Z_BLOCK].includes(options?.finishFlush);
  if (keepsBack || !random.chance(12)) return options;
  const near = random.pick([1, plainSize >> 1, plainSize - 1, plainSize, plainSize + 1]);
  const far = random.pick([1, 2 * input.length + 1000]);
  return { ...options, maxOutputLength: Math.max(1, compresses ? far : near) };
}

module.exports = { codingOptions, compressOptions, decompressOptions, given, withMaxOutput };
