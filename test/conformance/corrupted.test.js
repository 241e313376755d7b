// Bits turned and bytes put in or taken out: whatever node says to it.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { announceSeed, randomFrom } = require('../support/seed');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const small = text(90);
const large = mixed(60_000);

for (const { compress, decompress } of FORMATS) {
  test(`${decompress}Sync: every bit of a small stream`, () => {
    const packed = node[`${compress}Sync`](small);
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const bytes = Buffer.from(packed);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      assertSame((side) => side[`${decompress}Sync`](bytes), `bit ${bit}`);
    }
  });

  test(`${decompress}: random damage`, async (t) => {
    const random = randomFrom(announceSeed(t));
    const packed = node[`${compress}Sync`](large);
    for (let i = 0; i < 150; i++) {
      const at = random.below(packed.length);
      const end = Math.min(packed.length, at + random.below(8));
      const middle = [
        () => Buffer.from([packed[at] ^ (1 << random.below(8)), ...packed.subarray(at + 1, end)]),
        () => Buffer.alloc(random.below(20), random.below(256)),
        () => Buffer.alloc(0),
      ];
      const bytes = Buffer.concat([
        packed.subarray(0, at),
        random.pick(middle)(),
        packed.subarray(end),
      ]);
      assertSame((side) => side[`${decompress}Sync`](bytes), `sync, case ${i} at ${at}`);
      const label = `callback, case ${i} at ${at}`;
      await assertSameAsync((side) => oneShot(side, decompress, bytes), label);
    }
  });

  test(`${decompress}: random bytes`, async (t) => {
    const random = randomFrom(announceSeed(t));
    for (let i = 0; i < 500; i++) {
      const header = node[`${compress}Sync`]('').subarray(0, random.below(11));
      const rest = Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
      const bytes = Buffer.concat([header, rest]);
      assertSame((side) => side[`${decompress}Sync`](bytes), bytes.toString('hex'));
      assertSame((side) => side.unzipSync(bytes), `unzip ${bytes.toString('hex')}`);
    }
    assert.ok(true);
  });
}
