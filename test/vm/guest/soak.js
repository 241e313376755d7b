// Random streams in both directions for a while.
//   node soak.js TRANSPORT SECONDS

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { mixed, text } = require('../../support/data');
const { seed, randomFrom } = require('../../support/seed');
const { counters } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });

const transport = process.argv[2];
const seconds = Number(process.argv[3]);
const FORMS = [
  ['createGzip', 'createGunzip'],
  ['createDeflate', 'createInflate'],
  ['createDeflateRaw', 'createInflateRaw'],
];

async function one(random) {
  const size = random.pick([10, 5000, 70_000, 300_000, 2_000_000]);
  const data = random.pick([mixed, text])(size, random.next());
  const [pack, unpack] = random.pick(FORMS);
  const theirs = random.below(2) ? zlib : node;
  const piece = 1 + random.below(200_000);
  const packed = await collect(zlib[pack](), pieces(data, piece));
  const back = await collect(theirs[unpack](), pieces(packed, piece));
  assert.ok(back.equals(data), `${pack}, ${size} bytes in pieces of ${piece}: other bytes`);
}

async function main() {
  await step(`${transport}: ${seconds} s of random streams, WARPDRIVE_SEED=${seed}`, async () => {
    const random = randomFrom(seed);
    const before = counters(transport);
    const end = Date.now() + seconds * 1000;
    let streams = 0;
    const lane = async () => {
      for (; Date.now() < end; streams++) await one(random);
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    const after = counters(transport);
    note(`${streams} streams, ${after.jobs - before.jobs} requests; ${JSON.stringify(after)}`);
    note(`${Math.round(process.memoryUsage.rss() / 1e6)} MB resident`);
    assert.ok(after.jobs > before.jobs, 'the device got no request');
    assert.equal(after.errors ?? 0, before.errors ?? 0, 'requests ended with an error status');
    assert.equal(after.bad_doorbells ?? 0, 0, 'wrong doorbells');
  });
  done();
}

main();
