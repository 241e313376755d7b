// fflate, which is no port of zlib, as an independent encoder and decoder of random data.

const assert = require('node:assert/strict');
const fflate = require('fflate');
const { KINDS } = require('../support/data');
const { pieces, through } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { announceSeed, randomFrom } = require('../support/seed');
const { zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const ROUNDS = 25;
const MAX_SIZE = 150_000;
const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const FFLATE = {
  gzip: {
    pack: fflate.gzipSync,
    unpack: fflate.gunzipSync,
    Packer: fflate.Gzip,
    Unpacker: fflate.Gunzip,
  },
  zlib: {
    pack: fflate.zlibSync,
    unpack: fflate.unzlibSync,
    Packer: fflate.Zlib,
    Unpacker: fflate.Unzlib,
  },
  raw: {
    pack: fflate.deflateSync,
    unpack: fflate.inflateSync,
    Packer: fflate.Deflate,
    Unpacker: fflate.Inflate,
  },
};

const randomData = (random) =>
  KINDS[random.pick(Object.keys(KINDS))](1 + random.below(MAX_SIZE), random.next());

/** gzip has no dictionaries. */
const randomDictionary = (random, { name }) =>
  name !== 'gzip' && random.below(3) === 0
    ? KINDS.text(1 + random.below(32_000), random.next())
    : undefined;

/** Pushes `data` through one of fflate's streams in pieces. */
function push(stream, data, step) {
  const parts = [];
  stream.ondata = (part) => parts.push(Buffer.from(part));
  const list = [...pieces(data, step)];
  for (const [i, piece] of list.entries()) {
    // Not from a pool: fflate looks at the whole of the buffer behind.
    stream.push(Uint8Array.from(piece), i === list.length - 1);
  }
  return Buffer.concat(parts);
}

for (const format of FORMATS) {
  const { name, compress, decompress, Compressor, Decompressor } = format;
  const { pack, unpack, Packer, Unpacker } = FFLATE[name];

  test(`fflate reads what we write (${name})`, async (t) => {
    const random = randomFrom(announceSeed(t));
    for (let i = 0; i < ROUNDS; i++) {
      const data = randomData(random);
      const dictionary = randomDictionary(random, format);
      const options = { level: random.pick([-1, ...LEVELS]), dictionary };
      const step = 1 + random.below(40_000);
      const told = `round ${i}: ${data.length} bytes, level ${options.level}, step ${step}`;
      const whole = zlib[`${compress}Sync`](data, options);
      assert.ok(data.equals(unpack(whole, { dictionary })), `sync, ${told}`);
      const streamed = await through(new zlib[Compressor](options), data, step);
      assert.ok(push(new Unpacker({ dictionary }), streamed, step).equals(data), `stream, ${told}`);
    }
  });

  test(`we read what fflate writes (${name})`, async (t) => {
    const random = randomFrom(announceSeed(t));
    for (let i = 0; i < ROUNDS; i++) {
      const data = randomData(random);
      const dictionary = randomDictionary(random, format);
      const options = { level: random.pick(LEVELS), mem: random.below(13), dictionary };
      const step = 1 + random.below(40_000);
      const told = `round ${i}: ${data.length} bytes, level ${options.level}, step ${step}`;
      const whole = Buffer.from(pack(data, options));
      assert.ok(zlib[`${decompress}Sync`](whole, { dictionary }).equals(data), `sync, ${told}`);
      const streamed = push(new Packer(options), data, step);
      const stream = new zlib[Decompressor]({ dictionary });
      assert.ok((await through(stream, streamed, step)).equals(data), `stream, ${told}`);
    }
  });
}

test('several members', (t) => {
  const random = randomFrom(announceSeed(t));
  const list = Array.from({ length: 4 }, () => randomData(random));
  const theirs = Buffer.concat(list.map((part) => fflate.gzipSync(part)));
  assert.ok(zlib.gunzipSync(theirs).equals(Buffer.concat(list)));
  const ours = Buffer.concat(list.map((part) => zlib.gzipSync(part)));
  assert.ok(push(new fflate.Gunzip(), ours, 10_000).equals(Buffer.concat(list)));
});
