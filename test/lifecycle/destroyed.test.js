// No work after destroy(): what was written and not begun is not compressed or decompressed.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('../support/bounded');
const { FORMATS } = require('../support/formats');
const { mixed } = require('../support/data');
const { isNode, node, zlib } = require('../support/subject');

const SIZE = 3_000_000;
const skip = isNode && 'node:zlib has no stats() to be asked';

/** Resolves when nothing is in flight: to the bytes that were given to devices since `before`. */
async function bytesSince(before) {
  while (zlib.warpdrive.stats().outstanding > 0) await new Promise(setImmediate);
  return zlib.warpdrive.stats().bytesIn - before.bytesIn;
}

const ENDS = {
  destroy: (stream) => stream.destroy(),
  close: (stream) => stream.close(),
};

for (const { compress, decompress } of FORMATS) {
  for (const [name, end] of Object.entries(ENDS)) {
    for (const direction of [compress, decompress]) {
      const create = `create${direction[0].toUpperCase()}${direction.slice(1)}`;
      test(`${create}, ${name}() in the turn of the write`, { skip }, async () => {
        const data = mixed(SIZE, 1);
        const stream = zlib[create]();
        const before = zlib.warpdrive.stats();
        stream.write(direction === compress ? data : node[`${compress}Sync`](data));
        end(stream);
        await once(stream, 'close');
        assert.equal(await bytesSince(before), 0);
      });
    }
  }
}
