// Sizes around the powers of two at which an implementation may cut its blocks, synchronously.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { FORMATS, LEVELS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const KIB = 1024;
const SMALL = [32 * KIB, 64 * KIB, 128 * KIB];
const LARGE = [256 * KIB, 512 * KIB, KIB * KIB];
const around = (sizes) => sizes.flatMap((size) => [size - 1, size, size + 1]);

const prose = text(128 * KIB + 1);
const mixture = mixed(3 * KIB * KIB);

function roundTrip({ compress, decompress }, level, data) {
  const ours = zlib[`${compress}Sync`](data, { level });
  assert.ok(node[`${decompress}Sync`](ours).equals(data), `node decodes ours: ${data.length}`);
  assert.ok(zlib[`${decompress}Sync`](ours).equals(data), `we decode ours: ${data.length}`);
}

for (const format of FORMATS) {
  for (const level of LEVELS) {
    test(`${format.name} level ${level}: around 32, 64 and 128 KiB`, () => {
      for (const size of around(SMALL)) roundTrip(format, level, prose.subarray(0, size));
    });
  }

  test(`${format.name}: around 256 KiB, 512 KiB and 1 MiB`, () => {
    for (const level of [-1, 1]) {
      for (const size of around(LARGE)) roundTrip(format, level, mixture.subarray(0, size));
    }
    for (const level of [0, 2, 9]) {
      roundTrip(format, level, mixture.subarray(0, KIB * KIB + 1));
    }
  });

  test(`${format.name}: 2 MiB + 1 and 3 MiB - 1`, () => {
    for (const size of [2 * KIB * KIB + 1, 3 * KIB * KIB - 1]) {
      for (const level of [-1, 1]) roundTrip(format, level, mixture.subarray(0, size));
    }
  });

  test(`${format.name}: we decode what node makes of the same sizes`, () => {
    const sizes = [...around(SMALL), ...around(LARGE), 2 * KIB * KIB + 1, 3 * KIB * KIB - 1];
    for (const size of sizes) {
      const data = mixture.subarray(0, size);
      const theirs = node[`${format.compress}Sync`](data, { level: 1 });
      assert.ok(zlib[`${format.decompress}Sync`](theirs).equals(data), `${size} bytes`);
    }
  });
}
