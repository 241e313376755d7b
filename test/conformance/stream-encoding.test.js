// Strings in and strings out.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { collect } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const STRINGS = {
  utf8: 'Grüße, 世界 🎈',
  'utf-8': 'ü',
  utf16le: 'Grüße 🎈',
  ucs2: 'ab',
  latin1: 'Grüße',
  binary: 'ÿþ',
  ascii: 'plain',
  hex: 'c0ffee00',
  base64: 'Z3ppcA==',
  base64url: 'Z3ppcA',
};

test('writes with each encoding', async () => {
  for (const { Compressor, decompress } of FORMATS) {
    for (const [encoding, string] of Object.entries(STRINGS)) {
      const stream = new zlib[Compressor]();
      const output = collect(stream);
      stream.write(string, encoding);
      stream.end(string, encoding);
      const expected = Buffer.from(string, encoding);
      const got = node[`${decompress}Sync`](await output);
      assert.deepEqual(got, Buffer.concat([expected, expected]), encoding);
    }
  }
});

test('a character cut in two between writes is two strings’ bytes', async () => {
  await assertSameAsync(async (side) => {
    const gzip = new side.Gzip();
    const output = collect(gzip);
    gzip.write('\ud83c');
    gzip.end('\udf88');
    return node.gunzipSync(await output).toString('hex');
  }, 'surrogates');
});

test('setEncoding: characters over chunks come whole', async () => {
  const string = 'ä世🎈'.repeat(20_000);
  const packed = node.gzipSync(string);
  for (const chunkSize of [64, 1000, 16384]) {
    const gunzip = new zlib.Gunzip({ chunkSize });
    gunzip.setEncoding('utf8');
    let result = '';
    gunzip.on('data', (chunk) => {
      assert.equal(typeof chunk, 'string');
      result += chunk;
    });
    gunzip.end(packed);
    await new Promise((resolve) => gunzip.once('end', resolve));
    assert.ok(result === string);
  }
});

test('setEncoding of a compressor: base64 and hex', async () => {
  const plain = text(100_000);
  for (const encoding of ['base64', 'hex', 'latin1']) {
    const gzip = new zlib.Gzip();
    gzip.setEncoding(encoding);
    let result = '';
    gzip.on('data', (chunk) => {
      result += chunk;
    });
    gzip.end(plain);
    await new Promise((resolve) => gzip.once('end', resolve));
    assert.ok(node.gunzipSync(Buffer.from(result, encoding)).equals(plain), encoding);
  }
});
