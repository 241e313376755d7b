// How many requests go with one doorbell when many are in flight, and that one alone waits for
// nothing.
//   node batches.js TRANSPORT

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { promisify } = require('node:util');
const { mixed } = require('../../support/data');
const { counters } = require('./bench');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });

const transport = process.argv[2];
const gzip = promisify(zlib.gzip);
// One device: several would share what is in flight.
const [{ name: device }] = zlib.warpdrive.devices();
const SIZE = 8192;

const counts = () => zlib.warpdrive.stats().devices.find(({ name }) => name === device);

/** `total` requests, `width` in flight. @returns those of the device, and how long each took */
async function load(width, total) {
  const inputs = Array.from({ length: width }, (_, i) => mixed(SIZE, i + 1));
  const { requests, doorbells } = counts();
  const { jobs } = counters(transport);
  const times = [];
  const lane = async (input) => {
    while (total-- > 0) {
      const start = performance.now();
      const packed = await gzip(input, { warpdrive: { device } });
      times.push(performance.now() - start);
      if (times.length % 64 === 0) assert.ok(node.gunzipSync(packed).equals(input), 'other bytes');
    }
  };
  await Promise.all(inputs.map(lane));
  const after = counts();
  const batch = (after.requests - requests) / (after.doorbells - doorbells);
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(part * (times.length - 1))].toFixed(2);
  note(
    `${width} in flight: ${batch.toFixed(1)} per doorbell; ` +
      `${at(0.5)} ms for half, ${at(0.99)} ms for 99 %, ${at(1)} ms at most`,
  );
  return { batch, requests: after.requests - requests, jobs: counters(transport).jobs - jobs };
}

async function main() {
  await step(`${transport}: 64 requests of 8 KiB in flight share doorbells`, async () => {
    await load(64, 128); // learns how fast the device is
    const { batch, requests, jobs } = await load(64, 640);
    assert.equal(requests, 640);
    assert.equal(jobs, 640, 'requests that the device executed');
    assert.ok(batch >= 16, `${batch.toFixed(1)} requests per doorbell`);
  });
  await step(`${transport}: one request in flight has a doorbell of its own`, async () => {
    const { batch } = await load(1, 100);
    assert.equal(batch, 1);
  });
  done();
}

main();
