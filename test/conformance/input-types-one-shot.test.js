// Every type that the one-shot functions take, in the sync and the callback form.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { inputsOf } = require('../support/inputs');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(4000);

/** `bytes` made a multiple of 8 long, which trailing bytes after a gzip or zlib stream allow. */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

for (const { name, compress, decompress } of FORMATS) {
  test(`${name}: compression takes each type`, async () => {
    for (const [type, input] of Object.entries(inputsOf(plain))) {
      const sync = zlib[`${compress}Sync`](input);
      assert.ok(node[`${decompress}Sync`](sync).equals(plain), `${type}, sync`);
      assert.ok((await oneShot(zlib, compress, input)).equals(sync), `${type}, callback`);
    }
  });

  test(`${name}: decompression takes each type`, async () => {
    const packed = padded(node[`${compress}Sync`](plain));
    for (const [type, input] of Object.entries(inputsOf(packed))) {
      assert.ok(zlib[`${decompress}Sync`](input).equals(plain), `${type}, sync`);
      assert.ok((await oneShot(zlib, decompress, input)).equals(plain), `${type}, callback`);
    }
  });
}

test('strings are UTF-8', async () => {
  for (const string of ['', 'plain', 'Grüße, 世界 🎈', 'lone \ud800 surrogate', '\0']) {
    const expected = Buffer.from(string);
    assert.deepEqual(node.gunzipSync(zlib.gzipSync(string)), expected);
    assert.deepEqual(node.inflateSync(await oneShot(zlib, 'deflate', string)), expected);
  }
});

test('a string given to a decompressor is its bytes, and an error as in node', () => {
  for (const method of ['gunzipSync', 'inflateSync', 'inflateRawSync', 'unzipSync']) {
    assertSame((side) => side[method]('not compressed').toString(), method);
  }
});

test('an empty input of each type', async () => {
  for (const { compress, decompress } of FORMATS) {
    for (const [type, input] of Object.entries({ ...inputsOf(Buffer.alloc(0)), string: '' })) {
      const packed = zlib[`${compress}Sync`](input);
      assert.equal(node[`${decompress}Sync`](packed).length, 0, `${compress}Sync(${type})`);
      assert.deepEqual(await oneShot(zlib, compress, input), packed, `${compress}(${type})`);
    }
  }
});

test('an empty input to a decompressor: error, as in node', async () => {
  for (const { decompress } of FORMATS) {
    for (const [type, input] of Object.entries(inputsOf(Buffer.alloc(0)))) {
      assertSame((side) => side[`${decompress}Sync`](input).length, `${decompress}Sync(${type})`);
    }
  }
});

test('results are Buffers of the right size on memory of their own', () => {
  const results = [zlib.gzipSync(plain), zlib.gunzipSync(node.gzipSync(plain)), zlib.gzipSync('')];
  for (const result of results) assert.ok(Buffer.isBuffer(result));
  const [first] = results;
  const copy = Buffer.from(first);
  for (let i = 0; i < 20; i++) zlib.gzipSync(plain.subarray(i));
  assert.deepEqual(first, copy, 'a later call does not write into an earlier result');
});

test('the input is not changed', async () => {
  const input = Buffer.from(plain);
  zlib.gzipSync(input);
  await oneShot(zlib, 'deflate', input);
  assert.deepEqual(input, plain);
  const packed = node.gzipSync(plain);
  const copy = Buffer.from(packed);
  zlib.gunzipSync(packed);
  await oneShot(zlib, 'gunzip', packed);
  assert.deepEqual(packed, copy);
});
