// Every size from 0 to 300, each format, each level, by callback and by util.promisify.

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const { noise, text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { FORMATS, LEVELS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const SIZES = Array.from({ length: 301 }, (_, size) => size);
const AT_ONCE = 25;
const plain = { text: text(300), noise: noise(300) };

/** Runs `task` for every size, a number of them at the same time. */
async function forSizes(task) {
  for (let i = 0; i < SIZES.length; i += AT_ONCE) {
    await Promise.all(SIZES.slice(i, i + AT_ONCE).map(task));
  }
}

const bytes = (size) => plain[size % 2 ? 'text' : 'noise'].subarray(0, size);

for (const { name, compress, decompress } of FORMATS) {
  const promised = { pack: promisify(zlib[compress]), unpack: promisify(zlib[decompress]) };

  for (const level of LEVELS) {
    test(`${name} level ${level}: sizes 0 to 300`, async () => {
      await forSizes(async (size) => {
        const data = bytes(size);
        // Each level gets both forms, on alternating sizes; the sizes alternate between levels.
        const callback = (size + level) % 2 === 0;
        const ours = callback
          ? await oneShot(zlib, compress, data, { level })
          : await promised.pack(data, { level });
        assert.ok(node[`${decompress}Sync`](ours).equals(data), `node decodes ours: ${size}`);
        // What a decoder does hardly depends on the level: every size at a third of the levels.
        if ((size + level) % 3 !== 0) return;
        const theirs = node[`${compress}Sync`](data, { level });
        const back = callback
          ? await promised.unpack(theirs)
          : await oneShot(zlib, decompress, theirs);
        assert.ok(back.equals(data), `we decode node's: ${size}`);
      });
    });
  }
}

test('callback and promise forms give the bytes of the synchronous form', async () => {
  const sizes = [0, 1, 100, 300];
  for (const { compress } of FORMATS) {
    for (const size of sizes) {
      const data = bytes(size);
      const expected = zlib[`${compress}Sync`](data);
      assert.deepEqual(await oneShot(zlib, compress, data), expected);
      assert.deepEqual(await promisify(zlib[compress])(data), expected);
    }
  }
});

test('the callback is never called before the call returns', async () => {
  for (const { compress } of FORMATS) {
    let returned = false;
    await new Promise((resolve) => {
      zlib[compress](Buffer.from('x'), () => {
        assert.equal(returned, true);
        resolve();
      });
      returned = true;
    });
  }
});
