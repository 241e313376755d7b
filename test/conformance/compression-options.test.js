// windowBits, memLevel, strategy and level: every value, both sides read the other.

const assert = require('node:assert/strict');
const { KINDS, mixed, text } = require('../support/data');
const { through } = require('../support/drive');
const { FORMATS, LEVELS } = require('../support/formats');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(90_000);

function bothWays({ compress, decompress }, options, label, inflate = {}) {
  const ours = zlib[`${compress}Sync`](plain, options);
  assert.ok(node[`${decompress}Sync`](ours, inflate).equals(plain), `node decodes ours: ${label}`);
  const theirs = node[`${compress}Sync`](plain, options);
  assert.ok(zlib[`${decompress}Sync`](theirs, inflate).equals(plain), `we decode node's: ${label}`);
}

for (const format of FORMATS) {
  test(`${format.name}: windowBits`, () => {
    for (let windowBits = format.name === 'gzip' ? 9 : 8; windowBits <= 15; windowBits++) {
      bothWays(format, { windowBits }, `${windowBits}`);
      // A decoder told the same window must do: nothing may reach back further. Raw deflate and
      // zlib make 9 of 8.
      const inflate = { windowBits: Math.max(windowBits, 9) };
      bothWays(format, { windowBits }, `${windowBits} on both sides`, inflate);
      bothWays(format, { windowBits, level: 9 }, `${windowBits}, level 9`, inflate);
    }
  });

  test(`${format.name}: memLevel`, () => {
    for (let memLevel = 1; memLevel <= 9; memLevel++) {
      for (const level of [1, 6]) bothWays(format, { memLevel, level }, `${memLevel}, ${level}`);
    }
  });

  test(`${format.name}: strategy`, () => {
    for (let strategy = 0; strategy <= 4; strategy++) {
      for (const level of LEVELS) bothWays(format, { strategy, level }, `${strategy}, ${level}`);
    }
  });

  test(`${format.name}: all at once, streamed`, async () => {
    for (const windowBits of [9, 13]) {
      for (const strategy of [0, 2, 4]) {
        const options = { windowBits, strategy, memLevel: 3, level: 4 };
        const output = await through(new zlib[format.Compressor](options), plain, 10_001);
        const back = node[`${format.decompress}Sync`](output, { windowBits });
        assert.ok(back.equals(plain), JSON.stringify(options));
      }
    }
  });

  test(`${format.name}: level 0 stores, higher levels are not larger than lower ones by much`, () => {
    const data = text(200_000);
    const size = (level) => zlib[`${format.compress}Sync`](data, { level }).length;
    assert.ok(size(0) >= data.length);
    assert.ok(size(1) < data.length / 2);
    for (const level of [1, 2, 3, 4, 5, 6, 7, 8]) {
      assert.ok(size(level + 1) <= size(level) * 1.02, `level ${level + 1}`);
    }
  });

  test(`${format.name}: level -1 is level 6`, () => {
    const pack = (options) => zlib[`${format.compress}Sync`](plain, options);
    assert.deepEqual(pack({ level: -1 }), pack({ level: 6 }));
    assert.deepEqual(pack({}), pack({ level: 6 }));
    assert.deepEqual(pack({ level: undefined }), pack({ level: 6 }));
    assert.deepEqual(pack({ level: Number.NaN }), pack({ level: 6 }));
  });

  test(`${format.name}: no level makes anything larger than storing it would, but for headers`, () => {
    for (const level of LEVELS) {
      for (const [kind, make] of Object.entries(KINDS)) {
        const data = make(100_000);
        const size = zlib[`${format.compress}Sync`](data, { level }).length;
        assert.ok(size <= data.length + 200, `${kind}, level ${level}: ${size}`);
      }
    }
  });
}

test('Z_HUFFMAN_ONLY has no matches, Z_FIXED no dynamic blocks', () => {
  const zeros = Buffer.alloc(100_000);
  const size = (strategy) => zlib.deflateRawSync(zeros, { strategy }).length;
  assert.ok(size(2) > zeros.length / 9, 'one bit for each byte');
  assert.ok(size(0) < 1000);
  const fixed = zlib.deflateRawSync(text(300), { strategy: 4 });
  assert.equal((fixed[0] >> 1) & 3, 1, 'the first block is a fixed one');
});

test('a window larger than the decoder’s: as in node', () => {
  const large = text(60_000);
  const packed = { gunzip: node.gzipSync(large), inflate: node.deflateSync(large) };
  packed.inflateRaw = node.deflateRawSync(Buffer.concat([large, large.subarray(0, 30_000)]));
  for (const [method, bytes] of Object.entries(packed)) {
    for (const windowBits of [0, 8, 9, 10, 14, 15]) {
      assertSame((side) => side[`${method}Sync`](bytes, { windowBits }), `${method} ${windowBits}`);
    }
  }
});

test('options of the other direction are ignored', () => {
  const options = { level: 9, memLevel: 9, strategy: 2 };
  assert.ok(zlib.gunzipSync(node.gzipSync(plain), options).equals(plain));
});
