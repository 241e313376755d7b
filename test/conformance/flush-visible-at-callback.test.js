// What can be read, and whether the stream wants 'drain', in the callback of a flush.

const { text } = require('../support/data');
const { flushed, turns } = require('../support/drive');
const { assertSameAsync } = require('../support/same');
const { test } = require('../support/bounded');

const { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH } = require('node:zlib').constants;

const CLASSES = ['Gzip', 'Deflate', 'DeflateRaw'];

/** Everything that can be read now, as hex: level 0 stores, so that the bytes are the same. */
function readAll(stream) {
  const chunks = [];
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('hex');
}

for (const name of CLASSES) {
  test(`${name}: the header after Z_NO_FLUSH, the block after a flush`, async () => {
    await assertSameAsync(async (side) => {
      const stream = new side[name]({ level: 0 });
      const seen = [];
      stream.write(text(16));
      for (const kind of [Z_NO_FLUSH, Z_SYNC_FLUSH, Z_NO_FLUSH, Z_FULL_FLUSH]) {
        await flushed(stream, kind);
        seen.push(readAll(stream));
        stream.write(text(5));
      }
      stream.destroy();
      return seen;
    });
  });

  test(`${name}: a flush after a write beyond highWaterMark leaves one drain`, async () => {
    await assertSameAsync(async (side) => {
      const stream = new side[name]({ level: 0, highWaterMark: 16 });
      const told = [];
      stream.on('drain', () => told.push('drain'));
      stream.on('data', () => {});
      stream.write(text(10_240));
      told.push(`wants drain: ${stream.writableNeedDrain}`);
      await flushed(stream);
      await turns();
      told.push(`wants drain: ${stream.writableNeedDrain}`);
      stream.destroy();
      return told;
    });
  });
}
