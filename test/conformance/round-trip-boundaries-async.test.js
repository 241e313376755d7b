// Sizes around the powers of two at which an implementation may cut its blocks, by callback and
// as streams.

const assert = require('node:assert/strict');
const { mixed } = require('../support/data');
const { oneShot, through } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const KIB = 1024;
const EDGES = [32 * KIB, 64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB, KIB * KIB];
const SIZES = [
  ...EDGES.flatMap((size) => [size - 1, size, size + 1]),
  2 * KIB * KIB + 1,
  3 * KIB * KIB - 1,
];
// Odd ones, so that pieces never end where blocks do, and one that always does.
const PIECES = [16411, 65536, 1_000_003];

const mixture = mixed(3 * KIB * KIB);

for (const format of FORMATS) {
  test(`${format.name}: callback`, async () => {
    for (const [i, size] of SIZES.entries()) {
      const data = mixture.subarray(0, size);
      const ours = await oneShot(zlib, format.compress, data, { level: [1, 6][i % 2] });
      assert.ok(node[`${format.decompress}Sync`](ours).equals(data), `${size} bytes`);
      assert.ok((await oneShot(zlib, format.decompress, ours)).equals(data), `${size} bytes`);
    }
  });

  test(`${format.name}: streamed`, async () => {
    for (const [i, size] of SIZES.entries()) {
      const data = mixture.subarray(0, size);
      const step = PIECES[i % PIECES.length];
      const ours = await through(new zlib[format.Compressor]({ level: 1 + (i % 6) }), data, step);
      assert.ok(node[`${format.decompress}Sync`](ours).equals(data), `${size} bytes`);
      const back = await through(new zlib[format.Decompressor](), ours, step);
      assert.ok(back.equals(data), `${size} bytes`);
    }
  });

  test(`${format.name}: streamed, from node's output`, async () => {
    for (const [i, size] of SIZES.entries()) {
      const data = mixture.subarray(0, size);
      const theirs = node[`${format.compress}Sync`](data, { level: 1 });
      const back = await through(new zlib[format.Decompressor](), theirs, PIECES[i % 3]);
      assert.ok(back.equals(data), `${size} bytes`);
    }
  });
}
