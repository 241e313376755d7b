// What the package is on a device of one transport: run by Node as a user in a guest.
//   node device.js TRANSPORT
// The device's own counters, not only stats(), say that requests went there.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const node = require('node:zlib');
const { mixed, text } = require('../../support/data');
const { counters, deviceStats, rise } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });

const transport = process.argv[2];
const MB = 1 << 20;

/** Runs `fn`; requests that devices executed meanwhile. */
async function jobsOf(fn) {
  const before = counters(transport).jobs;
  await fn();
  return counters(transport).jobs - before;
}

/** Runs `fn`; by device, how many requests stats() says it executed meanwhile. */
async function requestsOf(fn) {
  const before = deviceStats(zlib, transport);
  await fn();
  return rise(before, deviceStats(zlib, transport), 'requests');
}

/** The system's gzip must find nothing wrong. */
function checkByGzip(data) {
  const result = spawnSync('gzip', ['-t'], { input: data, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
}

/** The simulated engine is zlib at level 1; a stream is cut into blocks that know no history. */
const BLOCK = 131_072;
const ENGINE = `
import sys, zlib
data = sys.stdin.buffer.read()
while data:
    block, data = data[:${BLOCK}], data[${BLOCK}:]
    z = zlib.compressobj(1, zlib.DEFLATED, -15, 8)
    out = z.compress(block) + z.flush(zlib.Z_SYNC_FLUSH if data else zlib.Z_FINISH)
    sys.stdout.buffer.write(out)
`;

/** What Debian's zlib, which is not Node's, makes of the same blocks. */
function byZlib(data) {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', ENGINE], {
    input: data,
    maxBuffer: 1 << 30,
  });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

async function main() {
  await step(`${transport}: devices() names it first`, () => {
    const [first] = zlib.warpdrive.devices();
    note(JSON.stringify(first));
    assert.equal(first.transport, transport);
  });

  const data = mixed(4 * MB);
  let packed;
  await step(`${transport}: createGzip() chooses it by itself, and gzip reads it`, async () => {
    let told;
    const jobs = await jobsOf(async () => {
      told = await requestsOf(async () => {
        packed = await collect(zlib.createGzip(), pieces(data, 65536));
      });
    });
    note(`${jobs} requests, ${packed.length} bytes of ${data.length}`);
    note(`by device: ${JSON.stringify(told)}`);
    note(JSON.stringify(zlib.warpdrive.stats()));
    checkByGzip(packed);
    assert.ok(node.gunzipSync(packed).equals(data), 'other bytes');
    assert.ok(jobs > 0, 'the device got no request');
    const sum = Object.values(told).reduce((all, requests) => all + requests, 0);
    assert.equal(sum, Math.ceil(data.length / BLOCK), 'blocks that stats() counts there');
  });

  await step(`${transport}: its output is what the settings of the engine give`, () => {
    assert.ok(packed.subarray(10, -8).equals(byZlib(data)), 'other bytes');
  });

  await step(`${transport}: the same bytes however the stream was written`, async () => {
    for (const size of [1000, 3 * MB]) {
      const other = await collect(zlib.createGzip(), pieces(data, size));
      assert.ok(other.equals(packed), `writes of ${size} bytes give others`);
    }
  });

  for (const [pack, unpack, sync] of [
    ['createGzip', 'createGunzip', 'gzipSync'],
    ['createDeflate', 'createInflate', 'deflateSync'],
    ['createDeflateRaw', 'createInflateRaw', 'deflateRawSync'],
  ]) {
    await step(`${transport}: ${pack} and ${unpack}`, async () => {
      const input = text(1_500_000);
      const out = await jobsOf(async () => {
        const ours = await collect(zlib[pack](), pieces(input, 50_000));
        const byNode = await collect(node[unpack](), [ours]);
        assert.ok(byNode.equals(input), 'node:zlib reads other bytes');
      });
      const back = await jobsOf(async () => {
        const ours = await collect(zlib[unpack](), pieces(node[sync](input), 70_000));
        assert.ok(ours.equals(input), 'other bytes');
      });
      note(`${out} requests there, ${back} back`);
      assert.ok(out > 0, 'the device got no request to compress');
      // Raw deflate is decompressed in software: docs/architecture.md, "The ZIP engine".
      assert.ok(unpack === 'createInflateRaw' || back > 0, 'it got none to decompress');
    });
  }

  await step(`${transport}: an explicit level 9 stays on the CPU`, async () => {
    const jobs = await jobsOf(async () => {
      const best = await collect(zlib.createGzip({ level: 9 }), [data]);
      assert.ok(node.gunzipSync(best).equals(data), 'other bytes');
    });
    assert.equal(jobs, 0, `the device got ${jobs} requests`);
  });

  await step(`${transport}: 64 streams at once`, async () => {
    const inputs = Array.from({ length: 64 }, (_, i) => mixed(150_000, i + 1));
    let told;
    const jobs = await jobsOf(async () => {
      let all;
      told = await requestsOf(async () => {
        all = await Promise.all(
          inputs.map((input) => collect(zlib.createGzip(), pieces(input, 8192))),
        );
      });
      for (const [i, packed] of all.entries()) {
        assert.ok(node.gunzipSync(packed).equals(inputs[i]), `stream ${i}: other bytes`);
      }
    });
    note(`${jobs} requests; ${JSON.stringify(told)}; ${JSON.stringify(counters(transport))}`);
    // Each of the devices that the guest has.
    assert.equal(Object.keys(told).length, transport === 'vfio-pci' ? 1 : 2);
    for (const [name, requests] of Object.entries(told)) {
      assert.ok(requests > 0, `${name} got no request`);
    }
  });
  done();
}

main().catch((error) => {
  console.log(`Bail out! ${error.stack}`);
  process.exitCode = 1;
});
