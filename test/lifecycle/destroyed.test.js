// No work after destroy(): what was written and not begun is not compressed or decompressed.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { availableParallelism } = require('node:os');
const { test } = require('../support/bounded');
const { FORMATS } = require('../support/formats');
const { mixed } = require('../support/data');
const { turns, until } = require('../support/drive');
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

const create = (name, options) => zlib[`create${name[0].toUpperCase()}${name.slice(1)}`](options);

for (const { compress, decompress } of FORMATS) {
  for (const [name, end] of Object.entries(ENDS)) {
    for (const direction of [compress, decompress]) {
      test(`${direction}, ${name}() in the turn of the write`, { skip }, async () => {
        const data = mixed(SIZE, 1);
        const stream = create(direction);
        const before = zlib.warpdrive.stats();
        stream.write(direction === compress ? data : node[`${compress}Sync`](data));
        end(stream);
        await once(stream, 'close');
        assert.equal(await bytesSince(before), 0);
      });
    }
  }
}

const STREAMS = 16;
/** Plain bytes of each of the streams: all of its input is one request, or several smaller ones. */
const BLOCK = 1 << 20;

for (const { compress, decompress } of FORMATS) {
  for (const direction of [compress, decompress]) {
    test(`${direction}, destroy() after the doorbell`, { skip }, async (t) => {
      zlib.warpdrive.configure({ threads: 1 });
      t.after(() => zlib.warpdrive.configure({ threads: availableParallelism() }));
      const plain = mixed(BLOCK, 1);
      const input = direction === compress ? plain : node[`${compress}Sync`](plain);
      const { doorbells } = zlib.warpdrive.stats();
      const streams = Array.from({ length: STREAMS }, () =>
        create(direction, { level: 9, chunkSize: BLOCK }),
      );
      for (const stream of streams) stream.resume().write(input);
      for (const stream of streams) stream.flush();
      await until(() => zlib.warpdrive.stats().doorbells > doorbells);
      await turns(2);
      for (const stream of streams) stream.destroy();
      // When completions are taken for the first time after that, all that was done before it is
      // among them. What comes later is at most the one request that the only worker was at.
      const { requests } = zlib.warpdrive.stats();
      await until(() => {
        const { requests: taken, outstanding } = zlib.warpdrive.stats();
        return taken > requests || outstanding === 0;
      });
      const later = await bytesSince(zlib.warpdrive.stats());
      assert.ok(
        later <= input.length,
        `${later} bytes of ${STREAMS * input.length} after destroy()`,
      );
    });
  }
}
