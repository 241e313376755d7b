// What the kernel allows while queues are open, a driver that leaves its devices amid a stream, and
// devices that come back.
//   node removal.js TRANSPORT

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { counters, rootDone } = require('./bench');
const { longStream } = require('./long-stream');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 60_000 });

const transport = process.argv[2];
const failovers = () => zlib.warpdrive.stats().failovers;

/** Compresses so many times 5 MB; `amid()` comes behind the third. */
async function compress(parts, amid) {
  const { bytes, expected, wrong } = await longStream(parts, amid);
  assert.equal(wrong, 0, 'other bytes');
  assert.equal(bytes, expected);
}

async function main() {
  await step(`${transport}: modules are not unloaded from under a stream's queue`, async () => {
    const before = counters(transport).jobs;
    let refused;
    await compress(3, () => {
      refused = rootDone('modules_in_use');
    });
    await refused;
    assert.ok(counters(transport).jobs > before, 'the device got no request');
    assert.equal(failovers(), 0, 'requests ran again in software');
  });

  await step(`${transport}: its driver leaves it amid a stream, the result is right`, async () => {
    const before = counters(transport).jobs;
    let jobs = 0;
    let gone;
    await compress(4, () => {
      jobs = counters(transport).jobs - before;
      gone = rootDone('leave');
    });
    // The kernel waits for this process to let go; that it does so is what the package owes.
    await gone;
    note(`${jobs} requests before; ${JSON.stringify(zlib.warpdrive.stats())}`);
    assert.ok(jobs > 0, 'the device had got no request by then');
    assert.deepEqual(fs.readdirSync(`/sys/class/${transport}`), []);
  });

  await step(`${transport}: it comes back and is used again`, async () => {
    await rootDone('come_back');
    const end = Date.now() + 240_000;
    while (counters(transport).jobs === 0) {
      assert.ok(Date.now() < end, 'not used again within 240 s');
      await new Promise((go) => setTimeout(go, 500));
      await new Promise((resolve, reject) => {
        const gzip = zlib.createGzip().on('end', resolve).on('error', reject).resume();
        gzip.end(Buffer.alloc(300_000, 'used again '));
      });
    }
    note(JSON.stringify(zlib.warpdrive.stats()));
  });
  done();
}

main();
