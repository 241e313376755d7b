// A modelled function behind vfio-pci: the IOMMU stops it, it is reset, and its memory is taken back.
//   node function.js

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const node = require('node:zlib');
const { mixed, text } = require('../../support/data');
const { counters, deviceStats, rise, rootDone } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done, host } = require('./tap');
const zlib = require('../../..');

// A modelled device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 5000 });

const transport = 'vfio-pci';
const data = mixed(3_000_000);
/** Pages of 4 KiB: 4 GiB behind the address, where nothing is mapped. */
const FAR = 'value=0x100000';

function ask(command) {
  const answer = JSON.parse(host(command));
  assert.ok(answer.ok, answer.error);
}

async function compress() {
  const packed = await collect(zlib.createGzip(), pieces(data, 100_000));
  assert.ok(node.gunzipSync(packed).equals(data), 'other bytes');
}

/** Compresses until the device is used: it may be quarantined after what happened to it. */
async function untilUsed() {
  const end = Date.now() + 60_000;
  for (const { jobs } = counters(transport); ; ) {
    await compress();
    if (counters(transport).jobs > jobs) return;
    assert.ok(Date.now() < end, 'not used again within 60 s');
    await new Promise((go) => setTimeout(go, 200));
  }
}

/** 64 one-call functions at a time, each with 8 KiB, all of them started before the first ends. */
async function batches() {
  const gzip = promisify(zlib.gzip);
  const input = text(64 * 8192);
  const before = counters(transport);
  const told = deviceStats(zlib, transport);
  const lane = async (i) => {
    const part = input.subarray(i * 8192, (i + 1) * 8192);
    for (let n = 0; n < 30; n++) {
      assert.ok(node.gunzipSync(await gzip(part)).equals(part), 'other bytes');
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, i) => lane(i)));
  const after = counters(transport);
  const descriptors = after.descriptors - before.descriptors;
  const doorbells = after.doorbells - before.doorbells;
  const [rung] = Object.values(rise(told, deviceStats(zlib, transport), 'doorbells'));
  note(`${descriptors} descriptors by ${doorbells} doorbells, ${rung} of stats()`);
  assert.equal(rung, doorbells, 'doorbells that stats() counts');
  assert.ok(descriptors >= 64 * 30, 'not all requests went to the device');
  assert.ok(descriptors >= 16 * doorbells, `only ${descriptors / doorbells} for each doorbell`);
}

async function unmapped(fault) {
  const { dmaFaults } = counters(transport);
  const { failovers } = zlib.warpdrive.stats();
  ask(`fault ${fault} ${FAR}`);
  await compress();
  ask('clear-faults');
  assert.ok(counters(transport).dmaFaults > dmaFaults, 'the function met no unmapped address');
  assert.ok(zlib.warpdrive.stats().failovers > failovers, 'no request ran again in software');
  await untilUsed();
}

/** Resets the function by `reset()` while it has requests of a stream. */
async function resetAmid(reset) {
  const { descriptors } = counters(transport);
  const { failovers } = zlib.warpdrive.stats();
  ask('fault delay value=100000 count=1000');
  const gzip = zlib.createGzip();
  const packed = collect(gzip, pieces(data, 100_000));
  while (counters(transport).descriptors === descriptors) {
    await new Promise((go) => setTimeout(go, 5));
  }
  await reset();
  ask('clear-faults');
  assert.ok(node.gunzipSync(await packed).equals(data), 'other bytes');
  assert.ok(zlib.warpdrive.stats().failovers > failovers, 'no request ran again in software');
  await untilUsed();
}

async function main() {
  await step(
    `${transport}: at least 16 descriptors of 8 KiB by one doorbell, 64 in flight`,
    batches,
  );
  await step(`${transport}: reads an unmapped address: that request fails over`, () =>
    unmapped('wild-source'),
  );
  await step(`${transport}: writes unmapped addresses again and again: the device is left`, () =>
    unmapped('wild-target count=1000'),
  );
  await step(`${transport}: the function resets itself amid requests`, () =>
    resetAmid(() => ask('reset')),
  );
  await step(`${transport}: root resets the function amid requests`, () =>
    resetAmid(() => rootDone('reset_function')),
  );
  note(JSON.stringify(zlib.warpdrive.stats()));
  done();
}

main();
