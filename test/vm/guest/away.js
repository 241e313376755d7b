// A device that goes away while a stream of 50 MB is on it.
//   node away.js TRANSPORT

const assert = require('node:assert/strict');
const { counters, takeAway } = require('./bench');
const { longStream } = require('./long-stream');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

// A simulated device is slower than the guest's CPU, and the guest gets little of its host's time.
zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 5000 });

const transport = process.argv[2];

async function main() {
  let longest = 0;
  let last = Date.now();
  const clock = setInterval(() => {
    longest = Math.max(longest, Date.now() - last);
    last = Date.now();
  }, 50);
  await step(`${transport}: taken away amid 50 MB, the result is right`, async () => {
    const before = counters(transport).jobs;
    let jobs = 0;
    const { bytes, expected, wrong } = await longStream(10, () => {
      jobs = counters(transport).jobs - before;
      takeAway(transport);
    });
    note(`${jobs} requests before; ${JSON.stringify(zlib.warpdrive.stats())}`);
    assert.equal(wrong, 0, 'other bytes');
    assert.equal(bytes, expected);
    assert.ok(jobs > 0, 'the device had got no request by then');
    // The stream itself met the removal: what it had sent ran again, or it found no queue any more.
    const { failovers, devices } = zlib.warpdrive.stats();
    const left = devices.filter(({ quarantine }) => quarantine.count > 0);
    assert.ok(failovers > 0 || left.length > 0, 'it was taken away after the stream');
  });
  clearInterval(clock);
  await step(`${transport}: the event loop did not stand still meanwhile`, () => {
    note(`at most ${longest} ms`);
    assert.ok(longest < 30_000, `it did for ${longest} ms`);
  });
  done();
}

main();
