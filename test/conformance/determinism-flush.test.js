// With flush points at given offsets the bytes still do not depend on how writes were cut.

const assert = require('node:assert/strict');
const { mixed, sha256, text } = require('../support/data');
const { feed } = require('../support/feed');
const { FLUSHES, FORMATS } = require('../support/formats');
const { zlib, node, isNode, notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const large = mixed(2_700_000);
// Node makes a round trip through its thread pool for each byte.
const small = text(isNode ? 10_000 : 80_000);
const MIB = 1 << 20;
// Close to each other, twice at the same place, on and beside block boundaries, at the start.
const OFFSETS = [0, 1, 5000, 5001, 5001, 65536, 131071, MIB - 1, MIB, MIB + 1, 2_500_000];

const pointsOf = (kind, end) =>
  OFFSETS.filter((offset) => offset < end).map((offset) => [offset, kind]);

for (const [flush, kind] of Object.entries(FLUSHES)) {
  // After Z_FINISH a stream takes no more data: stream-flush.test.js.
  if (flush === 'Z_FINISH') continue;

  for (const { name, Compressor, decompress } of FORMATS) {
    const steps = name === 'gzip' ? [large.length, 65536, 1024] : [large.length, 65536];

    test(`${flush}, ${name}: the same for writes of ${steps} bytes`, async () => {
      const points = pointsOf(kind, large.length);
      const digests = [];
      for (const step of steps) {
        const output = await feed(new zlib[Compressor]({ level: 1 }), large, step, points);
        if (digests.length === 0) assert.ok(node[`${decompress}Sync`](output).equals(large));
        digests.push(sha256(output));
      }
      assert.deepEqual(digests, Array(steps.length).fill(digests[0]));
    });
  }

  test(`${flush}: writes of one byte`, async () => {
    const points = pointsOf(kind, small.length);
    const whole = await feed(new zlib.Gzip(), small, small.length, points);
    const single = await feed(new zlib.Gzip(), small, 1, points);
    assert.ok(node.gunzipSync(whole).equals(small));
    assert.equal(sha256(single), sha256(whole));
  });
}

// Node's end() takes the place of a flush that still waits, so it depends on timing.
const skip = notForNode('a last flush is dropped or not, as timing will have it');

test('a flush just before the end is one at any timing', { skip }, async () => {
  for (const kind of [1, 2, 3, 5]) {
    const digests = [];
    for (const step of [1024, 65536, large.length]) {
      const output = await feed(new zlib.Gzip(), large, step, [[large.length, kind]]);
      digests.push(sha256(output));
    }
    assert.deepEqual(digests, Array(3).fill(digests[0]));
  }
});

test('the option flush: one flush for each write, whatever is in flight', { skip }, async () => {
  const options = { flush: FLUSHES.Z_SYNC_FLUSH };
  const data = large.subarray(0, 400_000);
  const [first, second] = [
    await feed(new zlib.Gzip(options), data, 9000),
    await feed(new zlib.Gzip({ ...options, highWaterMark: 1 }), data, 9000),
  ];
  assert.equal(sha256(first), sha256(second));
  assert.ok(node.gunzipSync(first).equals(data));
});
