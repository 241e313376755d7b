// When the callback of a write was called the buffer is its owner's again: what is written into it
// then must not be seen. An implementation that accepts writes early has to copy, or to wait.

const assert = require('node:assert/strict');
const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { mixed } = require('../support/data');
const { collect, oneShot } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(2_500_000);
const GARBAGE = 0xa5;

/** Writes all of `data` through one buffer of `size` bytes, spoilt after each callback. */
function rewrite(stream, data, size) {
  const output = collect(stream);
  const buffer = Buffer.alloc(size);
  const step = (offset) => {
    buffer.fill(GARBAGE);
    if (offset >= data.length) return stream.end();
    const length = data.copy(buffer, 0, offset, offset + size);
    return stream.write(buffer.subarray(0, length), () => step(offset + length));
  };
  step(0);
  return output;
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  for (const size of [100, 4096, 65536, 1_200_000]) {
    const data = size < 1000 ? plain.subarray(0, 100_000) : plain;

    test(`${name}: a buffer of ${size} bytes again and again`, async () => {
      const packed = await rewrite(new zlib[Compressor]({ level: 1 }), data, size);
      assert.ok(node[`${decompress}Sync`](packed).equals(data));
      const theirs = node[`${compress}Sync`](data, { level: 1 });
      assert.ok((await rewrite(new zlib[Decompressor](), theirs, size)).equals(data));
    });
  }

  test(`${name}: spoilt in the callback of the one-shot function`, async () => {
    const input = Buffer.from(plain.subarray(0, 300_000));
    const packed = await oneShot(zlib, compress, input);
    input.fill(GARBAGE);
    assert.ok(node[`${decompress}Sync`](packed).equals(plain.subarray(0, 300_000)));
  });
}

test('a file read through one buffer', async (t) => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'warpdrive-'));
  t.after(() => fs.rm(folder, { recursive: true }));
  const name = path.join(folder, 'plain');
  await fs.writeFile(name, plain);
  const file = await fs.open(name);
  const buffer = Buffer.alloc(30_000);
  const gzip = new zlib.Gzip();
  const output = collect(gzip);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) break;
    await new Promise((resolve) => gzip.write(buffer.subarray(0, bytesRead), resolve));
  }
  gzip.end();
  await file.close();
  assert.ok(node.gunzipSync(await output).equals(plain));
});

test('a chunk that was read may be written to', async () => {
  const gzip = new zlib.Gzip({ chunkSize: 500 });
  const chunks = [];
  gzip.on('data', (chunk) => {
    chunks.push(Buffer.from(chunk));
    chunk.fill(GARBAGE);
  });
  gzip.end(plain.subarray(0, 200_000));
  await new Promise((resolve) => gzip.once('end', resolve));
  assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(plain.subarray(0, 200_000)));
});
