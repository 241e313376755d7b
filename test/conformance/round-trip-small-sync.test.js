// Every size from 0 to 300, each format, each level, synchronously; both sides decode the other.

const assert = require('node:assert/strict');
const { noise, text } = require('../support/data');
const { FORMATS, LEVELS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const SIZES = Array.from({ length: 301 }, (_, size) => size);
const plain = { text: text(300), noise: noise(300) };

for (const { name, compress, decompress } of FORMATS) {
  for (const level of LEVELS) {
    test(`${name} level ${level}: sizes 0 to 300`, () => {
      for (const size of SIZES) {
        const data = plain[size % 2 ? 'text' : 'noise'].subarray(0, size);
        const label = `${size} bytes`;
        const ours = zlib[`${compress}Sync`](data, { level });
        assert.ok(node[`${decompress}Sync`](ours).equals(data), `node decodes ours: ${label}`);
        assert.ok(zlib[`${decompress}Sync`](ours).equals(data), `we decode ours: ${label}`);
        const theirs = node[`${compress}Sync`](data, { level });
        assert.ok(zlib[`${decompress}Sync`](theirs).equals(data), `we decode node's: ${label}`);
      }
    });
  }
}

test('unzipSync takes gzip and zlib of every size', () => {
  for (const size of SIZES) {
    const data = plain.text.subarray(0, size);
    assert.ok(zlib.unzipSync(node.gzipSync(data)).equals(data), `gzip, ${size} bytes`);
    assert.ok(zlib.unzipSync(node.deflateSync(data)).equals(data), `zlib, ${size} bytes`);
  }
});
