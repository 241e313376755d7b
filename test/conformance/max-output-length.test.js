// maxOutputLength: results up to it, an error above it.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { oneShot, through, turns, until } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(70_000);
const LIMITS = [1, 64, 1000, 16384, 65536, 69_999, 70_000, 70_001, 2 ** 31];
const ERROR = { name: 'RangeError', code: 'ERR_BUFFER_TOO_LARGE' };

for (const { compress, decompress } of FORMATS) {
  const packed = node[`${compress}Sync`](plain);

  test(`${decompress}: sync and callback`, async () => {
    for (const maxOutputLength of LIMITS) {
      const options = { maxOutputLength };
      const label = `at most ${maxOutputLength}`;
      assertSame((side) => side[`${decompress}Sync`](packed, options), `sync, ${label}`);
      await assertSameAsync((side) => oneShot(side, decompress, packed, options), label);
    }
  });

  test(`${compress}: exactly its own size is enough, one less is not`, async () => {
    const size = zlib[`${compress}Sync`](plain).length;
    const enough = { maxOutputLength: size };
    assert.equal(zlib[`${compress}Sync`](plain, enough).length, size);
    assert.equal((await oneShot(zlib, compress, plain, enough)).length, size);
    const less = { maxOutputLength: size - 1 };
    assert.throws(() => zlib[`${compress}Sync`](plain, less), ERROR);
    await assert.rejects(oneShot(zlib, compress, plain, less), ERROR);
  });

  test(`${decompress}: with chunkSize`, async () => {
    for (const chunkSize of [64, 1000, 1 << 20]) {
      for (const maxOutputLength of [63, 69_999, 70_000]) {
        const options = { chunkSize, maxOutputLength };
        const label = JSON.stringify(options);
        assertSame((side) => side[`${decompress}Sync`](packed, options), `sync ${label}`);
        await assertSameAsync((side) => oneShot(side, decompress, packed, options), label);
      }
    }
  });
}

test('the callback is called once', async () => {
  const bomb = node.gzipSync(Buffer.alloc(5_000_000));
  const calls = [];
  const note = (...args) => calls.push([args[0]?.code, args.length]);
  zlib.gunzip(bomb, { maxOutputLength: 100 }, note);
  zlib.gunzip(bomb, { maxOutputLength: 4_999_999 }, note);
  await until(() => calls.length >= 2);
  await turns(20);
  assert.deepEqual(calls, [
    ['ERR_BUFFER_TOO_LARGE', 1],
    ['ERR_BUFFER_TOO_LARGE', 1],
  ]);
});

test('an error of the data beyond the limit is not seen, one before it is', () => {
  const packed = Buffer.from(node.deflateSync(plain));
  packed[packed.length - 1] ^= 1;
  for (const maxOutputLength of [10, 16384, 69_999, 70_000]) {
    assertSame((side) => side.inflateSync(packed, { maxOutputLength }), `${maxOutputLength}`);
  }
});

test('streams have no such limit', async () => {
  const packed = node.gzipSync(plain);
  const output = await through(new zlib.Gunzip({ maxOutputLength: 10 }), packed);
  assert.ok(output.equals(plain));
});
