// Streams that end early, at every byte.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { oneShot, through } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(160);
const END = { code: 'Z_BUF_ERROR', errno: -5, message: 'unexpected end of file' };

const readers = FORMATS.flatMap(({ compress, decompress, Decompressor, name }) => {
  const bytes = node[`${compress}Sync`](plain);
  const reader = { bytes, method: decompress, Class: Decompressor, name };
  return name === 'raw' ? [reader] : [reader, { ...reader, method: 'unzip', Class: 'Unzip' }];
});

function* cuts(bytes) {
  for (let size = 0; size < bytes.length; size++) yield bytes.subarray(0, size);
}

for (const { name, method, Class, bytes } of readers) {
  test(`${method} of ${name}: sync`, () => {
    for (const cut of cuts(bytes)) {
      assertSame((side) => side[`${method}Sync`](cut), `${cut.length} bytes`);
      if (cut.length > 0) assert.throws(() => zlib[`${method}Sync`](cut), END);
    }
  });

  test(`${method} of ${name}: sync with finishFlush gives what is there`, () => {
    for (const finishFlush of [0, 1, 2, 3]) {
      for (const cut of cuts(bytes)) {
        const label = `${cut.length} bytes, flush ${finishFlush}`;
        const { value } = assertSame((side) => side[`${method}Sync`](cut, { finishFlush }), label);
        assert.ok(plain.subarray(0, value.length).equals(value), label);
      }
    }
  });

  test(`${method} of ${name}: callback`, async () => {
    for (const cut of cuts(bytes)) {
      await assertSameAsync((side) => oneShot(side, method, cut), `${cut.length} bytes`);
    }
    const options = { finishFlush: 2 };
    for (const cut of cuts(bytes)) {
      await assertSameAsync((side) => oneShot(side, method, cut, options), `${cut.length} bytes`);
    }
  });

  test(`${method} of ${name}: streamed`, async () => {
    for (const cut of cuts(bytes)) {
      const label = `${cut.length} bytes`;
      await assertSameAsync((side) => through(new side[Class](), cut, 11), label);
      const options = { finishFlush: 2 };
      await assertSameAsync((side) => through(new side[Class](options), cut), label);
    }
  });
}

test('a long stream cut in the middle', async () => {
  const data = text(2_000_000);
  for (const { compress, decompress, Decompressor } of FORMATS) {
    const cut = node[`${compress}Sync`](data, { level: 1 }).subarray(0, 300_001);
    assert.throws(() => zlib[`${decompress}Sync`](cut), END);
    await assert.rejects(through(new zlib[Decompressor](), cut, 10_000), END);
    const options = { finishFlush: node.constants.Z_SYNC_FLUSH };
    const expected = node[`${decompress}Sync`](cut, options);
    assert.ok(zlib[`${decompress}Sync`](cut, options).equals(expected));
    assert.ok((await through(new zlib[Decompressor](options), cut, 10_000)).equals(expected));
  }
});
