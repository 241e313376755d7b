// A decompressor has pushed all output of a write when that write is called back, and all output
// there is at 'finish': users who gather 'data' until 'finish' get everything.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { pieces, written } = require('../support/drive');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(300_000);

const PAIRS = [
  ['gzipSync', 'Gunzip'],
  ['gzipSync', 'Unzip'],
  ['deflateSync', 'Inflate'],
  ['deflateSync', 'Unzip'],
  ['deflateRawSync', 'InflateRaw'],
];

/** Everything that can be read now: read() gives one chunk or all of them, as the Node has it. */
function readNow(stream) {
  const chunks = [];
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All of the stream's output that came until 'finish'. */
function untilFinish(stream, parts) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('finish', () => resolve(Buffer.concat(chunks)));
    for (const part of parts) stream.write(part);
    stream.end();
  });
}

for (const [compress, name] of PAIRS) {
  test(`${compress} and ${name}: 'finish' comes after all 'data'`, async () => {
    const bytes = node[compress](plain);
    for (const step of [bytes.length, 10_000, 100]) {
      const output = await untilFinish(new zlib[name](), pieces(bytes, step));
      assert.ok(output.equals(plain), `writes of ${step}`);
    }
    const few = node[compress]('few bytes');
    assert.equal(String(await untilFinish(new zlib[name](), pieces(few, 1))), 'few bytes');
  });

  test(`${compress} and ${name}: in the callback of a write its output can be read`, async () => {
    const compressor = new zlib[
      compress.replace('Sync', '').replace(/^./, (c) => c.toUpperCase())
    ]();
    const decompressor = new zlib[name]();
    for (const message of ['one', 'two', 'three']) {
      compressor.write(message);
      await new Promise((resolve) => compressor.flush(node.constants.Z_SYNC_FLUSH, resolve));
      await written(decompressor, readNow(compressor));
      assert.equal(String(readNow(decompressor)), message);
    }
    compressor.destroy();
    decompressor.destroy();
  });
}
