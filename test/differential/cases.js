// The cases: what each does follows from the run's seed and the case's number alone.

const { FORMATS } = require('../support/formats');
const { damaged } = require('./corrupt');
const { compressOptions, decompressOptions, withMaxOutput } = require('./options');
const { largeStream, smallStream } = require('./packed');
const { plainOf } = require('./plain');
const { choices } = require('./random');
const { compressSteps, decompressSteps } = require('./steps');

const MIB = 1 << 20;

/** Sizes of what is compressed: mostly small, some about the borders of blocks. */
function plainSize(random) {
  return random.weighted([
    [62, random.upTo(5000)],
    [28, random.below(60_000)],
    [7, random.below(250_000)],
    [1, random.between(MIB - 3, MIB + 3)],
    [1, random.between(300_000, 2_500_000)],
    [1, 0],
  ]);
}

function compressCase(random, seed) {
  const format = random.pick(FORMATS);
  const plain = plainOf(random, seed, plainSize(random));
  const options = compressOptions(random, plain.bytes);
  const about = `${format.compress} ${plain.bytes.length} bytes of ${plain.name}`;
  return { direction: 'compress', format, input: plain.bytes, options, about, at: 0 };
}

/** Reader of a stream: mostly the right one. */
function readerOf(random, format) {
  const unzip = { decompress: 'unzip', Decompressor: 'Unzip', name: format.name };
  if (random.chance(4)) return random.pick([...FORMATS, unzip]);
  return format.name !== 'raw' && random.chance(25) ? unzip : format;
}

function decompressCase(random, stream) {
  const { bytes, at, what } = damaged(random, stream);
  const format = readerOf(random, stream.format);
  const options = decompressOptions(random, stream.options, stream.plainSize);
  const about = `${format.decompress} ${bytes.length} bytes (${stream.plainSize} plain): ${what}`;
  return {
    direction: 'decompress',
    format,
    input: bytes,
    plainSize: stream.plainSize,
    options,
    about,
    at,
  };
}

function oneShot(random, made, form) {
  const { compress, decompress } = made.format;
  const method = made.direction === 'compress' ? compress : decompress;
  return { ...made, form, method, options: withMaxOutput(random, made.options, made) };
}

function streamed(random, made) {
  const { Compressor, Decompressor } = made.format;
  if (made.direction === 'compress') {
    return { ...made, form: 'stream', Class: Compressor, ...compressSteps(random, made) };
  }
  return { ...made, form: 'stream', Class: Decompressor, ...decompressSteps(random, made) };
}

const compressing = (form) => (random, seed) => oneShot(random, compressCase(random, seed), form);
const reading = (form, streamOf) => (random, seed) =>
  oneShot(random, decompressCase(random, streamOf(random, seed)), form);

/** Kinds of cases and how frequent they are. */
const KINDS = {
  'compress sync': [7, compressing('sync')],
  'compress callback': [7, compressing('callback')],
  'compress stream': [20, (random, seed) => streamed(random, compressCase(random, seed))],
  'small sync': [12, reading('sync', smallStream)],
  'small callback': [8, reading('callback', smallStream)],
  'small stream': [
    22,
    (random, seed) => streamed(random, decompressCase(random, smallStream(random, seed))),
  ],
  'large sync': [6, reading('sync', largeStream)],
  'large callback': [6, reading('callback', largeStream)],
  'large stream': [
    12,
    (random, seed) => streamed(random, decompressCase(random, largeStream(random, seed))),
  ],
};

/**
 * Case `number` of a run. {kind, direction, form, format, input, options, about} and for one-shot
 * forms `method`, for streams `Class`, `steps` and `pace`.
 */
function makeCase(seed, number) {
  const random = choices(seed, number);
  const weights = Object.entries(KINDS).map(([kind, [weight]]) => [weight, kind]);
  const kind = random.weighted(weights);
  return { kind, number, ...KINDS[kind][1](random, seed) };
}

module.exports = { makeCase };
