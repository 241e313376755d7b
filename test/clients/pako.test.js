// pako, a port of zlib to JavaScript, as an independent encoder and decoder of random data.

const assert = require('node:assert/strict');
const { KINDS } = require('../support/data');
const { flushed, pieces, through } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { announceSeed, randomFrom } = require('../support/seed');
const { zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const pako = require('pako');

const ROUNDS = 25;
const MAX_SIZE = 120_000;
const Z_NO_FLUSH = 0;
const Z_SYNC_FLUSH = 2;
const Z_FULL_FLUSH = 3;
const Z_FINISH = 4;

const PAKO = {
  gzip: { pack: { gzip: true }, unpack: { windowBits: 31 } },
  zlib: { pack: {}, unpack: { windowBits: 15 } },
  raw: { pack: { raw: true }, unpack: { raw: true } },
};

const randomData = (random) =>
  KINDS[random.pick(Object.keys(KINDS))](random.below(MAX_SIZE), random.next());

function randomOptions(random, format) {
  const options = {
    level: random.pick([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    memLevel: 1 + random.below(9),
    strategy: random.below(5),
    windowBits: 9 + random.below(7),
  };
  if (format.name !== 'gzip' && random.below(3) === 0) {
    options.dictionary = KINDS.text(1 + random.below(40_000), random.next());
  }
  return options;
}

/** Unpacks with pako, in pieces. */
function pakoUnpack(format, bytes, { dictionary }, step) {
  const inflate = new pako.Inflate({
    ...PAKO[format.name].unpack,
    ...(dictionary && { dictionary }),
  });
  const parts = [];
  inflate.onData = (part) => parts.push(Buffer.from(part));
  for (const piece of pieces(bytes, step)) inflate.push(piece, Z_NO_FLUSH);
  assert.deepEqual([inflate.err, inflate.ended], [0, true], `pako: ${inflate.msg}`);
  return Buffer.concat(parts);
}

/** Packs with pako, with flushes between pieces. */
function pakoPack(format, data, options, step, random) {
  const deflate = new pako.Deflate({ ...PAKO[format.name].pack, ...options });
  const parts = [];
  deflate.onData = (part) => parts.push(Buffer.from(part));
  for (const piece of pieces(data, step)) {
    deflate.push(piece, random.pick([Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH]));
  }
  deflate.push(new Uint8Array(0), Z_FINISH);
  assert.equal(deflate.err, 0);
  return Buffer.concat(parts);
}

/** Packs with the subject, with flushes between writes. */
async function streamWithFlushes(stream, data, step, random) {
  const parts = [];
  stream.on('data', (part) => parts.push(part));
  for (const piece of pieces(data, step)) {
    stream.write(piece);
    if (random.below(2)) await flushed(stream, random.pick([Z_SYNC_FLUSH, Z_FULL_FLUSH]));
  }
  stream.end();
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  return Buffer.concat(parts);
}

for (const format of FORMATS) {
  const { name, compress, decompress, Compressor, Decompressor } = format;

  test(`pako reads what we write (${name})`, async (t) => {
    const random = randomFrom(announceSeed(t));
    for (let i = 0; i < ROUNDS; i++) {
      const data = randomData(random);
      const options = randomOptions(random, format);
      const step = 1 + random.below(50_000);
      const told = `round ${i}: ${data.length} bytes, ${JSON.stringify({ ...options, step })}`;
      const whole = zlib[`${compress}Sync`](data, options);
      assert.ok(pakoUnpack(format, whole, options, step).equals(data), `sync, ${told}`);
      const stream = new zlib[Compressor](options);
      const flushes = await streamWithFlushes(stream, data, step, random);
      assert.ok(pakoUnpack(format, flushes, options, step).equals(data), `stream, ${told}`);
    }
  });

  test(`we read what pako writes (${name})`, async (t) => {
    const random = randomFrom(announceSeed(t));
    for (let i = 0; i < ROUNDS; i++) {
      const data = randomData(random);
      const options = randomOptions(random, format);
      const { dictionary } = options;
      const step = 1 + random.below(50_000);
      const told = `round ${i}: ${data.length} bytes, ${JSON.stringify({ ...options, step })}`;
      const packed = pakoPack(format, data, options, step, random);
      assert.ok(zlib[`${decompress}Sync`](packed, { dictionary }).equals(data), `sync, ${told}`);
      const stream = new zlib[Decompressor]({ dictionary });
      assert.ok((await through(stream, packed, step)).equals(data), `stream, ${told}`);
    }
  });
}

test('several members', (t) => {
  const random = randomFrom(announceSeed(t));
  for (let i = 0; i < 10; i++) {
    const parts = Array.from({ length: 1 + random.below(5) }, () => randomData(random));
    const ours = Buffer.concat(parts.map((part) => zlib.gzipSync(part)));
    assert.ok(Buffer.from(pako.ungzip(ours)).equals(Buffer.concat(parts)), `round ${i}`);
    const theirs = Buffer.concat(parts.map((part) => pako.gzip(part)));
    assert.ok(zlib.gunzipSync(theirs).equals(Buffer.concat(parts)), `round ${i}`);
  }
});
