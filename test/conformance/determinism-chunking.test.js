// The bytes depend on the input and the options, not on how the input was cut into writes.

const assert = require('node:assert/strict');
const { mixed, sha256, text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { feed } = require('../support/feed');
const { FORMATS } = require('../support/formats');
const { zlib, node, isNode } = require('../support/subject');
const { test } = require('../support/bounded');

const large = mixed(3_300_000);
// Node makes a round trip through its thread pool for each byte.
const small = text(isNode ? 10_000 : 80_000);
const STEPS = [1024, 65536, 1_500_001, large.length];

for (const { name, Compressor, compress, decompress } of FORMATS) {
  for (const level of name === 'gzip' ? [1, -1, 9] : [1, -1]) {
    // High levels take long on that much.
    const data = level === 1 ? large : large.subarray(0, 1_700_000);

    test(`${name} level ${level}: writes of 1 KB, 64 KB, 1.5 MB and all at once`, async () => {
      const digests = [];
      for (const step of STEPS) {
        const output = await feed(new zlib[Compressor]({ level }), data, step);
        digests.push(sha256(output));
        if (step === STEPS[0]) assert.ok(node[`${decompress}Sync`](output).equals(data));
      }
      assert.deepEqual(digests, Array(STEPS.length).fill(digests[0]));
    });

    test(`${name} level ${level}: stream, callback and sync form`, async () => {
      const streamed = sha256(await feed(new zlib[Compressor]({ level }), data, 50_000));
      assert.equal(sha256(await oneShot(zlib, compress, data, { level })), streamed);
      assert.equal(sha256(zlib[`${compress}Sync`](data, { level })), streamed);
    });
  }

  test(`${name}: writes of one byte`, async () => {
    const whole = await feed(new zlib[Compressor](), small, small.length);
    const single = await feed(new zlib[Compressor](), small, 1);
    assert.equal(sha256(single), sha256(whole));
  });
}

test('empty writes change nothing', async () => {
  const whole = await feed(new zlib.Gzip(), small, small.length);
  const gzip = new zlib.Gzip();
  for (let i = 0; i < 5; i++) gzip.write(Buffer.alloc(0));
  gzip.write(small.subarray(0, 100));
  gzip.write(Buffer.alloc(0));
  gzip.write('');
  assert.equal(sha256(await feed(gzip, small.subarray(100), 9999)), sha256(whole));
});

test('many streams at the same time give what one alone gives', async () => {
  const alone = sha256(await feed(new zlib.Gzip(), small, small.length));
  const together = await Promise.all(
    Array.from({ length: 40 }, (_, i) => feed(new zlib.Gzip(), small, 1000 + 613 * i)),
  );
  for (const output of together) assert.equal(sha256(output), alone);
});

test('chunkSize and highWaterMark do not change the bytes', async () => {
  const data = large.subarray(0, 600_000);
  const expected = sha256(await feed(new zlib.Gzip(), data, data.length));
  for (const options of [
    { chunkSize: 64 },
    { chunkSize: 1 << 20 },
    { highWaterMark: 1 },
    { readableHighWaterMark: 1 << 20, writableHighWaterMark: 10 },
  ]) {
    const output = await feed(new zlib.Gzip(options), data, 33_333);
    assert.equal(sha256(output), expected, JSON.stringify(options));
  }
});
