// What zlib does not have: devices(), stats(), configure(), promises.

// Of the machine's devices only software, whatever there is.
process.env.WARPDRIVE_DEVICES = 'software';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const zlib = require('../..');

const { warpdrive } = zlib;

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
  for (const threads of [0, -1, 1.5, 257, Number.NaN]) {
    assert.throws(() => warpdrive.configure({ threads }), {
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: /^The value of "configuration\.threads" is out of range\. It must be .* Received /,
    });
  }
  assert.equal(warpdrive.devices().at(-1).threads, 3);
});

/** The call is refused with Node's `code`, and a message that has all of `words`. */
function refuses(call, code, ...words) {
  assert.throws(call, (error) => {
    const Expected = code === 'ERR_INVALID_ARG_TYPE' ? TypeError : RangeError;
    assert.ok(error instanceof Expected);
    assert.equal(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), error.message);
    return true;
  });
}

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

test('configure() names what it refuses', () => {
  const refused = (settings, ...what) => refuses(() => warpdrive.configure(settings), ...what);
  for (const settings of [undefined, null, 5, 'threads', [], () => {}]) {
    refused(settings, TYPE, 'The "configuration" argument must be of type object. Received');
  }
  refused({ threads: '4' }, TYPE, '"configuration.threads"', "Received type string ('4')");
  refused({ threads: null }, TYPE, 'Received null');
  refused({ memoryLimit: -1 }, RANGE, '"configuration.memoryLimit"', 'Received -1');
  refused({ deviceTimeout: 0 }, RANGE, '>= 1 and <= 3600000');
  refused(
    { thraeds: 4 },
    VALUE,
    "'configuration.thraeds' is not known",
    'threads',
    'deviceTimeout',
  );
  refused({ hardwareThreshold: 'auto' }, VALUE, '"measured"', "Received 'auto'");
  refused({ hardwareThreshold: [] }, TYPE, 'an instance of Array');
  refused({ allowUnsafeDoorbell: 'yes' }, TYPE, "type string ('yes')");
  refused({ device: 'gpu' }, VALUE, '"auto", "hardware"', '"software"', "Received 'gpu'");
  refused({ device: 5 }, TYPE, 'Received type number (5)');
  refused({ devices: 'software' }, VALUE, '"all"', "Received 'software'");
  refused({ devices: ['software', 'gpu'] }, VALUE, "'configuration.devices[1]'", '"software"');
  refused({ devices: {} }, TYPE, 'an instance of Object');
  warpdrive.configure({ threads: undefined });
});

test('devices() and stream options name what they refuse', () => {
  for (const options of ['x', null, 1, []]) refuses(() => warpdrive.devices(options), TYPE);
  refuses(() => warpdrive.devices({ opne: true }), VALUE, "'options.opne'", 'there is only open');
  refuses(() => warpdrive.devices({ open: 1 }), TYPE, '"options.open"');
  for (const make of [zlib.createGzip, zlib.createInflate, (own) => zlib.gzipSync('a', own)]) {
    const refused = (own, ...what) => refuses(() => make({ warpdrive: own }), ...what);
    refused({ devcie: 'software' }, VALUE, "'options.warpdrive.devcie'", 'there is only device');
    for (const own of ['software', 5, ['software']]) refused(own, TYPE, '"options.warpdrive"');
    refused({ device: null }, TYPE, '"options.warpdrive.device"');
    refused({ device: 'gpu' }, VALUE, '"software"');
  }
});

test('no wish in the options is none, as in a file of settings', () => {
  for (const warpdrive of [undefined, null, {}, { device: undefined }]) {
    assert.equal(zlib.gunzipSync(zlib.gzipSync('x', { warpdrive })).toString(), 'x');
  }
});

test('streams that ask for hardware in vain are counted with the reason', async () => {
  const vain = () => warpdrive.stats().routing['no-device'] ?? 0;
  const plain = Buffer.alloc(50_000, 'warp');
  const before = vain();
  await warpdrive.promises.gzip(plain);
  zlib.gzipSync(plain, { warpdrive: { device: 'software' } });
  assert.equal(vain(), before, 'nobody asked');
  const packed = zlib.gzipSync(plain, { warpdrive: { device: 'hardware' } });
  assert.equal(vain(), before + 1);
  warpdrive.configure({ device: 'hardware' });
  try {
    assert.deepEqual(await warpdrive.promises.gunzip(packed), plain);
    zlib.gzipSync(plain);
    zlib.gzipSync(plain, { warpdrive: { device: 'software' } });
    assert.equal(vain(), before + 3);
  } finally {
    warpdrive.configure({ device: 'auto' });
  }
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
  for (const input of [undefined, null]) {
    const promise = warpdrive.promises.gzip(input);
    await assert.rejects(promise, { code: 'ERR_INVALID_ARG_TYPE', message: /"buffer" argument/ });
  }
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
