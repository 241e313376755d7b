// A device that goes away while a stream of 50 MB is on it.
//   node away.js TRANSPORT

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { mixed } = require('../../support/data');
const { counters, takeAway } = require('./bench');
const { pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 5000 });

const transport = process.argv[2];
const PART = 5_000_000;

/** Counts the bytes of a stream that repeats `part`, and the chunks that are not as they should. */
function checker(part) {
  const seen = { bytes: 0, wrong: 0 };
  const take = (bytes) => {
    for (let used = 0; used < bytes.length; ) {
      const start = seen.bytes % part.length;
      const n = Math.min(bytes.length - used, part.length - start);
      if (!bytes.subarray(used, used + n).equals(part.subarray(start, start + n))) seen.wrong++;
      used += n;
      seen.bytes += n;
    }
  };
  return { seen, take };
}

async function main() {
  let longest = 0;
  let last = Date.now();
  const clock = setInterval(() => {
    longest = Math.max(longest, Date.now() - last);
    last = Date.now();
  }, 50);
  await step(`${transport}: taken away amid 50 MB, the result is right`, async () => {
    const part = mixed(PART);
    const { seen, take } = checker(part);
    const gzip = zlib.createGzip();
    const gunzip = node.createGunzip().on('data', take);
    const ended = new Promise((resolve, reject) => {
      gunzip.on('end', resolve).on('error', reject);
      gzip.on('error', reject);
    });
    gzip.pipe(gunzip);
    const before = counters(transport).jobs;
    let jobs = 0;
    for (let i = 0; i < 10; i++) {
      for (const piece of pieces(part, 256 << 10)) {
        if (!gzip.write(piece)) await new Promise((go) => gzip.once('drain', go));
      }
      if (i !== 2) continue;
      jobs = counters(transport).jobs - before;
      takeAway(transport);
    }
    gzip.end();
    await ended;
    note(`${jobs} requests before; ${JSON.stringify(zlib.warpdrive.stats())}`);
    assert.equal(seen.wrong, 0, 'other bytes');
    assert.equal(seen.bytes, 10 * PART);
    assert.ok(jobs > 0, 'the device had got no request by then');
  });
  clearInterval(clock);
  await step(`${transport}: the event loop did not stand still meanwhile`, () => {
    note(`at most ${longest} ms`);
    assert.ok(longest < 30_000, `it did for ${longest} ms`);
  });
  done();
}

main();
