// Unzip finds out what it is given in pieces of any size, with every option that may disturb it.

const { oneShot } = require('../support/drive');
const { lived } = require('../support/lived');
const { assertSame, assertSameAsync, describeError } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const dictionary = Buffer.from('hello');
const INPUTS = {
  'first byte of the magic': [0x1f],
  magic: [0x1f, 0x8b],
  'magic and method': [0x1f, 0x8b, 8],
  'magic, then garbage': [0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9],
  'half the magic, then garbage': [0x1f, 0x8c, 1, 2, 3],
  'half the magic twice': [0x1f, 0x1f, 0x8b],
  'half the magic, then zlib': [0x1f, ...node.deflateSync('hi')],
  'first byte of zlib': [0x78],
  'header of zlib': [0x78, 0x9c],
  zero: [0],
  gzip: [...node.gzipSync('hello')],
  zlib: [...node.deflateSync('hello')],
  'zlib with a dictionary': [...node.deflateSync('hello', { dictionary })],
  'raw deflate': [...node.deflateRawSync('hello')],
  'zlib, then the magic': [...node.deflateSync('hello'), 0x1f, 0x8b],
  'gzip, a zero, the magic': [...node.gzipSync('hello'), 0, 0x1f, 0x8b],
};
const OPTIONS = [{}, { finishFlush: 2 }, { windowBits: 10 }, { windowBits: 0 }, { flush: 2 }];
OPTIONS.push({ dictionary }, { chunkSize: 64 }, { maxOutputLength: 3 });

for (const [title, list] of Object.entries(INPUTS)) {
  test(title, async () => {
    const bytes = Buffer.from(list);
    for (const options of OPTIONS) {
      const label = JSON.stringify(options);
      assertSame((side) => side.unzipSync(bytes, options), label);
      await assertSameAsync((side) => oneShot(side, 'unzip', bytes, options), label);
      for (const step of [1, 2, 3, 100]) {
        const parts = [];
        for (let at = 0; at < list.length; at += step) parts.push(bytes.subarray(at, at + step));
        await assertSameAsync(async (side) => {
          const stream = new side.Unzip(options);
          const errors = [];
          stream.on('error', (error) => errors.push(describeError(error)));
          const life = await lived(stream, parts);
          return [errors, life.events(['end', 'error', 'close']), life.output];
        }, `pieces of ${step}, ${label}`);
      }
    }
  });
}
