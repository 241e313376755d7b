// What zlib does not have: devices(), stats(), configure(), promises.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { warpdrive } = require('../..');

test('devices(): the software device, with its threads and codecs', () => {
  const device = warpdrive.devices().at(-1);
  assert.equal(device.name, 'software');
  assert.equal(device.transport, 'software');
  assert.ok(device.threads >= 1);
  assert.ok(device.codecs.some((codec) => /^zlib \d/.test(codec)));
});

test('stats() counts requests, and threads start with the first submission', async () => {
  const before = warpdrive.stats();
  assert.equal(before.runningThreads, 0);
  await warpdrive.promises.gzip(Buffer.alloc(100_000));
  const after = warpdrive.stats();
  assert.ok(after.requests > before.requests);
  assert.ok(after.doorbells > before.doorbells);
  assert.equal(after.bytesIn - before.bytesIn, 100_000);
  assert.equal(after.runningThreads, warpdrive.devices().at(-1).threads);
  assert.equal(after.outstanding, 0);
});

test('requests of one turn of the event loop share a doorbell', async () => {
  const before = warpdrive.stats();
  await Promise.all(Array.from({ length: 20 }, () => warpdrive.promises.gzip('x'.repeat(5000))));
  const after = warpdrive.stats();
  assert.equal(after.requests - before.requests, 20);
  assert.ok(after.doorbells - before.doorbells < 20, `${after.doorbells - before.doorbells}`);
});

test('configure() changes the number of threads, and refuses nonsense', async () => {
  warpdrive.configure({ threads: 3 });
  assert.equal(warpdrive.devices().at(-1).threads, 3);
  const input = Buffer.alloc(50_000, 'warp');
  const packed = await warpdrive.promises.gzip(input);
  assert.deepEqual(await warpdrive.promises.gunzip(packed), input);
  for (const threads of [0, -1, 1.5, 257, '2', null, Number.NaN]) {
    assert.throws(() => warpdrive.configure({ threads }), {
      name: 'RangeError',
      message: /threads/,
    });
  }
  assert.throws(() => warpdrive.configure({ memoryLimit: -1 }), /memoryLimit/);
  assert.equal(warpdrive.devices().at(-1).threads, 3);
});

test('configure() asks each setting once', () => {
  let asked = 0;
  const threads = () => (asked++ === 0 ? 3 : 1000);
  warpdrive.configure(Object.defineProperty({}, 'threads', { get: threads, enumerable: true }));
  assert.deepEqual(
    { asked, threads: warpdrive.devices().at(-1).threads },
    { asked: 1, threads: 3 },
  );
});

test('promises reject with the errors of the callback forms', async () => {
  await assert.rejects(warpdrive.promises.gunzip('no gzip'), { code: 'Z_DATA_ERROR' });
  await assert.rejects(warpdrive.promises.gzip('text', { level: 99 }), {
    code: 'ERR_OUT_OF_RANGE',
  });
  await assert.rejects(warpdrive.promises.gzip(5), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('a small memory limit slows streams down, and none stops', async () => {
  warpdrive.configure({ memoryLimit: 1 });
  const input = Buffer.alloc(3_000_000, 'some bytes to compress ');
  const all = await Promise.all(
    [1, 6, 9].map((level) => warpdrive.promises.gzip(input, { level })),
  );
  for (const packed of all) assert.deepEqual(await warpdrive.promises.gunzip(packed), input);
  warpdrive.configure({ memoryLimit: 256 << 20 });
});
