// Random data, options and piece sizes: what goes in comes out, on either side.

const assert = require('node:assert/strict');
const fc = require('fast-check');
const { KINDS } = require('../support/data');
const { oneShot, through } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { announceSeed } = require('../support/seed');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const RUNS = 80;

const data = fc
  .record({
    kind: fc.constantFrom(...Object.keys(KINDS)),
    size: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 5000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 120_000 }) },
    ),
    start: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ kind, size, start }) => KINDS[kind](size, start));

const options = fc.record(
  {
    level: fc.integer({ min: -1, max: 9 }),
    windowBits: fc.integer({ min: 9, max: 15 }),
    memLevel: fc.integer({ min: 1, max: 9 }),
    strategy: fc.integer({ min: 0, max: 4 }),
    chunkSize: fc.oneof(
      fc.integer({ min: 64, max: 2000 }),
      fc.integer({ min: 2000, max: 200_000 }),
    ),
  },
  { requiredKeys: [] },
);

const piece = fc.oneof(fc.integer({ min: 100, max: 2000 }), fc.integer({ min: 5000, max: 90_000 }));

function check(t, property) {
  return fc.assert(property, { seed: announceSeed(t), numRuns: RUNS });
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: sync`, (t) =>
    check(
      t,
      fc.property(data, options, (plain, opts) => {
        const ours = zlib[`${compress}Sync`](plain, opts);
        assert.ok(node[`${decompress}Sync`](ours).equals(plain));
        const theirs = node[`${compress}Sync`](plain, opts);
        const { chunkSize } = opts;
        assert.ok(zlib[`${decompress}Sync`](theirs, { chunkSize }).equals(plain));
      }),
    ));

  test(`${name}: callback`, (t) =>
    check(
      t,
      fc.asyncProperty(data, options, async (plain, opts) => {
        const ours = await oneShot(zlib, compress, plain, opts);
        assert.ok((await oneShot(zlib, decompress, ours)).equals(plain));
        assert.ok(node[`${decompress}Sync`](ours).equals(plain));
      }),
    ));

  test(`${name}: streamed`, (t) =>
    check(
      t,
      fc.asyncProperty(data, options, piece, async (plain, opts, step) => {
        const ours = await through(new zlib[Compressor](opts), plain, step);
        assert.ok(node[`${decompress}Sync`](ours).equals(plain));
        const back = new zlib[Decompressor]({ chunkSize: opts.chunkSize });
        assert.ok((await through(back, ours, step)).equals(plain));
      }),
    ));
}
