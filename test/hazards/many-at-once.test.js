// Much at the same time: streams, one-shot calls, sync calls in between.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { oneShot, through, turns } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(600_000);

test('200 streams at the same time', async () => {
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { Compressor, Decompressor, decompress } = FORMATS[i % 3];
      const data = plain.subarray(i * 500, i * 500 + 20_000 + i * 1500);
      const packed = await through(new zlib[Compressor]({ level: i % 10 }), data, 3000 + i * 100);
      assert.ok(node[`${decompress}Sync`](packed).equals(data));
      assert.ok((await through(new zlib[Decompressor](), packed, 1000 + i * 50)).equals(data));
    }),
  );
});

test('200 streams, written in turns', async () => {
  const streams = Array.from({ length: 200 }, (_, i) => {
    const stream = new zlib.Gzip({ level: 1 + (i % 9) });
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    return { stream, chunks, ended: new Promise((resolve) => stream.once('end', resolve)) };
  });
  for (let round = 0; round < 10; round++) {
    for (const [i, { stream }] of streams.entries()) {
      stream.write(plain.subarray(i * 100, i * 100 + 5000));
      if ((i + round) % 7 === 0) stream.flush();
    }
    await turns(1);
  }
  for (const { stream } of streams) stream.end();
  await Promise.all(streams.map(({ ended }) => ended));
  for (const [i, { chunks }] of streams.entries()) {
    const expected = Buffer.concat(Array(10).fill(plain.subarray(i * 100, i * 100 + 5000)));
    assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(expected));
  }
});

test('64 one-shot calls in flight', async () => {
  for (const { compress, decompress } of FORMATS) {
    const inputs = Array.from({ length: 64 }, (_, i) => plain.subarray(i * 1000, i * 9000));
    const packed = await Promise.all(inputs.map((data) => oneShot(zlib, compress, data)));
    const restored = await Promise.all(packed.map((data) => oneShot(zlib, decompress, data)));
    for (const [i, data] of restored.entries()) assert.ok(data.equals(inputs[i]), `${i}`);
  }
});

test('sync calls while others are in flight', async () => {
  const inFlight = Array.from({ length: 32 }, (_, i) =>
    oneShot(zlib, 'gzip', plain.subarray(0, i * 15_000)),
  );
  const stream = through(new zlib.Deflate(), plain, 10_000);
  for (let i = 0; i < 50; i++) {
    const data = text(i * 997);
    assert.ok(zlib.gunzipSync(zlib.gzipSync(data)).equals(data));
    if (i % 10 === 0) await turns(1);
  }
  for (const [i, packed] of (await Promise.all(inFlight)).entries()) {
    assert.ok(node.gunzipSync(packed).equals(plain.subarray(0, i * 15_000)));
  }
  assert.ok(node.inflateSync(await stream).equals(plain));
});

test('a sync call in a callback and in a data listener', async () => {
  await new Promise((resolve) => {
    zlib.gzip(plain, (error, packed) => {
      assert.ifError(error);
      assert.ok(zlib.gunzipSync(packed).equals(plain));
      resolve();
    });
  });
  const gzip = new zlib.Gzip();
  const chunks = [];
  gzip.on('data', (chunk) => {
    chunks.push(zlib.inflateSync(zlib.deflateSync(chunk)));
  });
  gzip.end(plain);
  await new Promise((resolve) => gzip.once('end', resolve));
  assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(plain));
});

test('failures among successes stay with their own call', async () => {
  const good = node.gzipSync(plain);
  const bad = Buffer.from(good);
  bad.fill(0xff, 1000, 1100);
  const results = await Promise.allSettled(
    Array.from({ length: 60 }, (_, i) => oneShot(zlib, 'gunzip', i % 3 ? good : bad)),
  );
  for (const [i, { status, value }] of results.entries()) {
    assert.equal(status, i % 3 ? 'fulfilled' : 'rejected', `${i}`);
    if (value) assert.ok(value.equals(plain));
  }
});

test('files are read while much is compressed: the pool of libuv is not blocked for ever', async () => {
  const { readFile } = require('node:fs/promises');
  const packing = Array.from({ length: 30 }, () => oneShot(zlib, 'gzip', plain, { level: 9 }));
  assert.ok((await readFile(__filename)).length > 0);
  await Promise.all(packing);
});
