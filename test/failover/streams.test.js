// Streams on a device that fails: made of software, it does as WARPDRIVE_TEST_DEVICES says
// (native/device/fault_spec.h). Consumers get what they would have got, and an event.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { runScene } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const skip = notForNode('it has no devices');
const PATIENT_MS = 60_000;

/** Compresses `megabytes` and back on the device; what came of it as one line of JSON. */
async function scene(zlib, { support, megabytes, deviceTimeout }) {
  const { mixed } = require(`${support}/data`);
  const { pipeline } = require('node:stream/promises');
  const { Readable } = require('node:stream');
  const { channel } = require('node:diagnostics_channel');
  const events = [];
  for (const type of ['failover', 'quarantine', 'recovery']) {
    channel(`warpdrive:${type}`).subscribe((event) => events.push({ type, ...event }));
  }
  const { createHash } = require('node:crypto');
  const { createGunzip } = require('node:zlib');
  const { warpdrive } = zlib;
  warpdrive.configure({ device: 'test-0', deviceTimeout });
  const piece = mixed(1_000_000);
  const before = createHash('sha256');
  function* source() {
    for (let i = 0; i < megabytes; i++) {
      before.update(piece);
      yield piece;
    }
  }
  const after = createHash('sha256');
  const packed = [];
  await pipeline(Readable.from(source()), zlib.createGzip(), async (chunks) => {
    for await (const chunk of chunks) packed.push(chunk);
  });
  await pipeline(Readable.from(packed), createGunzip(), after);
  const restored = zlib.gunzipSync(zlib.gzipSync(piece));
  const { devices, routing } = warpdrive.stats();
  console.log(
    JSON.stringify({
      right: after.digest('hex') === before.digest('hex') && restored.equals(piece),
      events,
      device: devices.find(({ name }) => name === 'test-0'),
      routing,
    }),
  );
}

/** A busy machine must not look like a device that hangs: only where it does, time is short. */
const timeoutFor = (faults) => (/hang|lost/.test(faults) ? 5000 : PATIENT_MS);

async function run(faults, megabytes) {
  const { code, signal, stdout, stderr } = await runScene(
    scene,
    { support: path.join(__dirname, '../support'), megabytes, deviceTimeout: timeoutFor(faults) },
    { env: { WARPDRIVE_TEST_DEVICES: `name=test-0,block=65536,window=8${faults}` } },
  );
  assert.equal(code, 0, `${signal} ${stderr}`);
  return JSON.parse(stdout.toString());
}

test('a sound device does the work', { skip }, async () => {
  const { right, events, device } = await run('', 5);
  assert.ok(right);
  assert.deepEqual(events, []);
  assert.ok(device.requests >= 75, `${device.requests} requests`);
});

const FAULTS = ['error@100', 'hang@100', 'removal@100', 'lost@50', 'checksum@100'];
for (const fault of FAULTS) {
  test(`fails in mid-stream: ${fault}`, { skip }, async () => {
    const { right, events, device, routing } = await run(`,${fault}`, 20);
    assert.ok(right, 'the stream is whole');
    assert.ok(device.requests > 0, 'the device worked before');
    const quarantine = events.find(({ type }) => type === 'quarantine');
    assert.ok(quarantine, JSON.stringify(events));
    assert.equal(quarantine.device, 'test-0');
    assert.ok(quarantine.retryInMs >= 1000, `tried again in ${quarantine.retryInMs} ms`);
    assert.ok(Object.values(routing).some((count) => count > 0));
  });
}

/** Inflates more than is kept of a stream (16 MiB), all of it one member. */
async function longScene(zlib, deviceTimeout) {
  const { createHash, randomBytes } = require('node:crypto');
  const { pipeline } = require('node:stream/promises');
  const { Readable } = require('node:stream');
  const { createDeflate } = require('node:zlib');
  const { warpdrive } = zlib;
  warpdrive.configure({ device: 'test-0', deviceTimeout });
  const before = createHash('sha256');
  const after = createHash('sha256');
  function* source() {
    for (let i = 0; i < 40; i++) {
      const piece = randomBytes(500_000);
      before.update(piece);
      yield piece;
    }
  }
  const packed = [];
  await pipeline(Readable.from(source()), createDeflate({ level: 1 }), async (chunks) => {
    for await (const chunk of chunks) packed.push(chunk);
  });
  // Each write on its own, so that the number of requests does not depend on time.
  const inflate = zlib.createInflate().on('data', (chunk) => after.update(chunk));
  const all = Buffer.concat(packed);
  for (let at = 0; at < all.length; at += 65_536) {
    await new Promise((done) => inflate.write(all.subarray(at, at + 65_536), done));
  }
  await new Promise((done) => inflate.on('end', done).end());
  const { devices, routing } = warpdrive.stats();
  const { codecs } = warpdrive.devices().find(({ name }) => name === 'software');
  console.log(
    JSON.stringify({
      right: after.digest('hex') === before.digest('hex'),
      size: all.length,
      counted: inflate.bytesWritten,
      device: devices.find(({ name }) => name === 'test-0'),
      software: devices.find(({ name }) => name === 'software'),
      tooLong: routing['too-long'] ?? 0,
      // Without it software does not begin amid a member.
      isal: codecs.some((codec) => codec.startsWith('ISA-L')),
    }),
  );
}

for (const fault of ['', 'removal@250']) {
  test(`a member longer than what is kept: ${fault || 'sound device'}`, { skip }, async () => {
    const devices = `name=test-0,only=decompress${fault && `,${fault}`}`;
    const { code, signal, stdout, stderr } = await runScene(longScene, PATIENT_MS, {
      env: { WARPDRIVE_TEST_DEVICES: devices },
    });
    assert.equal(code, 0, `${signal} ${stderr}`);
    const { right, size, counted, device, software, tooLong, isal } = JSON.parse(stdout.toString());
    assert.ok(right, 'the stream is whole');
    assert.equal(counted, size);
    assert.equal(tooLong, isal || fault ? 0 : 1);
    // Software has no more to do again than what was kept.
    const kept = isal ? 16 << 20 : size;
    if (fault) assert.ok(software.bytesIn > 0, 'it took over');
    assert.ok(software.bytesIn <= size - device.bytesIn + kept, `${software.bytesIn} bytes`);
  });
}

test('process.exit() while the device hangs', { skip }, async () => {
  const { code, signal } = await runScene(
    (zlib) => {
      zlib.warpdrive.configure({ device: 'test-0' });
      zlib.createGzip().resume().end(Buffer.alloc(500_000));
      setTimeout(() => process.exit(7), 100);
    },
    {},
    { env: { WARPDRIVE_TEST_DEVICES: 'name=test-0,block=65536,window=8,hang@1' } },
  );
  assert.equal(code, 7, signal);
});

test('a setting that cannot be read is named', { skip }, async () => {
  const { stderr } = await runScene(
    (zlib) => zlib.gzipSync('a').length,
    {},
    {
      env: { WARPDRIVE_TEST_DEVICES: 'name=test-0,colour=red' },
    },
  );
  assert.match(stderr, /WARPDRIVE_TEST_DEVICES.*colour/);
});

test('NODE_DEBUG=warpdrive tells what is chosen, refused and quarantined, and of consent', {
  skip,
}, async () => {
  const logOf = async (device, env = {}) => {
    const { code, stderr } = await runScene(
      async (zlib, deviceTimeout) => {
        zlib.warpdrive.configure({ device: 'test-0', deviceTimeout });
        const stream = zlib.createGzip();
        stream.end(Buffer.alloc(3_000_000, 'several words '));
        for await (const chunk of stream) chunk.length;
      },
      PATIENT_MS,
      { env: { NODE_DEBUG: 'warpdrive', WARPDRIVE_TEST_DEVICES: device, ...env } },
    );
    assert.equal(code, 0, stderr);
    return stderr;
  };
  const sound = await logOf('name=test-0,block=65536');
  assert.match(sound, /WARPDRIVE \d+: software \(software\): found/);
  assert.match(sound, /test-0: chosen for a stream, queue opened\n/);
  assert.match(
    await logOf('name=test-0,block=65536,removal@9'),
    /test-0: quarantined for \d+ ms: queue-dead/,
  );
  assert.match(
    await logOf('name=test-0,refuse-queue'),
    /test-0: refused a queue, tried again in \d+ ms/,
  );
  const shared = await logOf('name=test-0,shared');
  assert.match(
    shared,
    /test-0 \(.*\): not used: other processes could ring its doorbell; give allow/,
  );
  assert.doesNotMatch(shared, /test-0: chosen/);
  const consented = await logOf('name=test-0,shared', { WARPDRIVE_ALLOW_UNSAFE_DOORBELL: '1' });
  assert.match(consented, /test-0: chosen .*doorbell is shared.*can ring this process's doorbells/);
});

test('a device that comes later can be named at once', { skip }, async () => {
  const { code, stdout, stderr } = await runScene(
    async (zlib) => {
      const { warpdrive } = zlib;
      warpdrive.configure({ deviceTimeout: 60_000 });
      const before = warpdrive.devices().map(({ name }) => name);
      const packed = await warpdrive.promises.gzip(Buffer.alloc(1_000_000, 'several words '), {
        warpdrive: { device: 'test-0' },
      });
      const { requests } = warpdrive.stats().devices.find(({ name }) => name === 'test-0');
      console.log(JSON.stringify({ before, requests, size: zlib.gunzipSync(packed).length }));
    },
    {},
    { env: { WARPDRIVE_TEST_DEVICES: 'name=test-0,block=65536,late' } },
  );
  assert.equal(code, 0, stderr);
  const { before, requests, size } = JSON.parse(stdout.toString());
  assert.deepEqual([before, size], [['software'], 1_000_000]);
  assert.equal(requests, Math.ceil(1_000_000 / 65536));
});

/** The kernel's view of one accelerator: as Linux 6.12 shows it, but for its node in /dev. */
function fakeAccelerator(root) {
  const folder = path.join(root, 'sys/class/uacce/hisi_zip-0');
  fs.mkdirSync(path.join(folder, 'device'), { recursive: true });
  fs.mkdirSync(path.join(root, 'dev'));
  const attributes = {
    api: 'hisi_qm_v3',
    flags: '1',
    available_instances: '256',
    algorithms: 'zlib\ngzip\ndeflate\n',
    region_mmio_size: '65536',
    region_dus_size: '151552',
    'device/revision': '0x30',
  };
  for (const [name, value] of Object.entries(attributes)) {
    fs.writeFileSync(path.join(folder, name), `${value}\n`);
  }
}

const noAccelerators = skip || (process.platform !== 'linux' && 'Linux alone has accelerators');
test('a device that cannot be used says why when it is named; mended, it can be named', {
  skip: noAccelerators,
}, async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-'));
  try {
    fakeAccelerator(root);
    const { code, stdout, stderr } = await runScene(
      async (zlib, { node }) => {
        const { warpdrive } = zlib;
        const refusals = [];
        const name = (device) => {
          for (const call of [
            () => warpdrive.configure({ device }),
            () => warpdrive.configure({ devices: [device] }),
            () => zlib.createGzip({ warpdrive: { device } }),
          ]) {
            try {
              call();
              refusals.push('');
            } catch (error) {
              refusals.push(`${error.name}: ${error.message}`);
            }
          }
        };
        name('hisi_zip-0');
        name('hisi_zip-1');
        require('node:fs').writeFileSync(node, '');
        name('hisi_zip-0');
        // It is no accelerator after all: software, and a reason.
        const input = Buffer.alloc(300_000, 'several words ');
        const packed = await warpdrive.promises.gzip(input);
        const device = warpdrive.stats().devices.find((one) => one.name === 'hisi_zip-0');
        const right = zlib.gunzipSync(packed).equals(input);
        console.log(JSON.stringify({ refusals, right, detail: device.quarantine.detail }));
      },
      { node: path.join(root, 'dev/hisi_zip-0') },
      { env: { WARPDRIVE_TEST_ROOT: root } },
    );
    assert.equal(code, 0, stderr);
    const { refusals, right, detail } = JSON.parse(stdout.toString());
    assert.equal(refusals.length, 9);
    for (const refusal of refusals.slice(0, 3)) {
      assert.match(refusal, /^RangeError: .*device.* cannot be used: .* Received 'hisi_zip-0'$/);
      assert.match(refusal, /hisi_zip-0 does not exist \(udev/);
      assert.match(refusal, /; pass it into the container/);
    }
    for (const refusal of refusals.slice(3, 6)) {
      assert.match(
        refusal,
        /must be "auto", "hardware" or the name of .* "software"\. Received 'hisi_zip-1'$/,
      );
    }
    assert.deepEqual(refusals.slice(6), ['', '', '']);
    assert.ok(right, 'other bytes');
    assert.match(detail, /SET_QP_CTX/);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

test('a device that is not there at the start is found later, and used', { skip }, async () => {
  const { code, stdout, stderr } = await runScene(
    async (zlib) => {
      const { setTimeout: sleep } = require('node:timers/promises');
      const input = Buffer.alloc(1_000_000, 'several words ');
      const { warpdrive } = zlib;
      const requests = () =>
        warpdrive.stats().devices.find(({ name }) => name === 'test-0')?.requests ?? 0;
      const names = () => warpdrive.devices().map(({ name }) => name);
      const send = () => zlib.warpdrive.promises.gzip(input);
      const before = names();
      let packed = await send();
      const early = requests();
      // Load that never pauses: what is in flight when the device appears must come out right.
      for (let i = 0; i < 100 && requests() === 0; ++i) {
        packed = await send();
        if (!zlib.gunzipSync(packed).equals(input)) throw new Error('wrong output');
        await sleep(50);
      }
      console.log(JSON.stringify({ before, early, after: names(), late: requests() }));
    },
    {},
    { env: { WARPDRIVE_TEST_DEVICES: 'name=test-0,block=65536,late' } },
  );
  assert.equal(code, 0, stderr);
  const { before, early, after, late } = JSON.parse(stdout.toString());
  assert.deepEqual([before, early, after], [['software'], 0, ['test-0', 'software']]);
  assert.ok(late > 0, 'it was used');
});
