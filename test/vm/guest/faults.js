// What a simulated engine can do wrong.
//   node faults.js TRANSPORT

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { mixed } = require('../../support/data');
const { counters, engine } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 5000 });

const transport = process.argv[2];
/** fault_kind of native/kernel/qm_sim.c. */
const KINDS = ['hang', 'status', 'produced', 'consumed', 'tag', 'sq_head', 'checksum', 'stop'];
const data = mixed(3_000_000);

async function compress() {
  const packed = await collect(zlib.createGzip(), pieces(data, 100_000));
  assert.ok(node.gunzipSync(packed).equals(data), 'other bytes');
}

/** Compresses until the device is used: it may be quarantined after what happened to it. */
async function untilUsed(seconds) {
  const end = Date.now() + seconds * 1000;
  for (const { jobs } = counters(transport); ; ) {
    await compress();
    if (counters(transport).jobs > jobs) return;
    assert.ok(Date.now() < end, `not used again within ${seconds} s`);
    await new Promise((go) => setTimeout(go, 200));
  }
}

async function main() {
  await step(`${transport}: the device is used`, () => untilUsed(60));
  for (const [i, name] of KINDS.entries()) {
    await step(`${transport}: survives ${name}`, async () => {
      engine('fault_kind', i + 1);
      engine('fault_every', 3);
      try {
        await compress();
      } finally {
        engine('fault_every', 0);
      }
      await untilUsed(120);
    });
  }
  note(JSON.stringify(zlib.warpdrive.stats()));
  await step(`${transport}: works when no completion ends WAIT or poll()`, async () => {
    engine('completion_wakes', 'N');
    try {
      await untilUsed(60);
    } finally {
      engine('completion_wakes', 'Y');
    }
  });
  done();
}

main();
