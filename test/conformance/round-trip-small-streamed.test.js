// Every size from 0 to 300, each format, each level, as streams.

const assert = require('node:assert/strict');
const { noise, text } = require('../support/data');
const { through } = require('../support/drive');
const { FORMATS, LEVELS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const AT_ONCE = 20;
const plain = { text: text(300), noise: noise(300) };

async function roundTrip(format, level, size) {
  const data = plain[size % 2 ? 'text' : 'noise'].subarray(0, size);
  const step = 40 + ((size * 7) % 120);
  const ours = await through(new zlib[format.Compressor]({ level }), data, step);
  assert.ok(node[`${format.decompress}Sync`](ours).equals(data), `node decodes ours: ${size}`);
  // What a decoder does hardly depends on the level: every size at a third of the levels.
  if ((size + level) % 3 !== 0) return;
  const theirs = node[`${format.compress}Sync`](data, { level });
  const back = await through(new zlib[format.Decompressor](), theirs, step);
  assert.ok(back.equals(data), `we decode node's: ${size}`);
}

for (const format of FORMATS) {
  for (const level of LEVELS) {
    test(`${format.name} level ${level}: sizes 0 to 300`, async () => {
      for (let size = 0; size <= 300; size += AT_ONCE) {
        const sizes = Array.from({ length: Math.min(AT_ONCE, 301 - size) }, (_, i) => size + i);
        await Promise.all(sizes.map((each) => roundTrip(format, level, each)));
      }
    });
  }
}
