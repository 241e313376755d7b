// Random cases of test/differential on a device and on node:zlib: no difference that README does
// not explain. An emulated CPU has time for few, so the seed is fixed: what larger runs found.
//   node differential.js TRANSPORT

require('./on-device');

const assert = require('node:assert/strict');
const { runSubset } = require('../../differential/subset');
const { counters } = require('./bench');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

const transport = process.argv[2];
const CASES = 12;

/** Requests of all devices but software. */
function requests() {
  const { devices } = zlib.warpdrive.stats();
  return devices.reduce((sum, { name, requests: n }) => sum + (name === 'software' ? 0 : n), 0);
}

async function main() {
  await step(`${transport}: ${CASES} random cases as node:zlib does them`, async () => {
    const before = counters(transport).jobs;
    const { total, counts, differences } = await runSubset(CASES);
    const jobs = counters(transport).jobs - before;
    note(`${jobs} requests; ${JSON.stringify(counts)}; ${JSON.stringify(zlib.warpdrive.stats())}`);
    assert.equal(differences.length, 0, differences.join('\n\n'));
    assert.equal(total, CASES);
    assert.ok(jobs > 0, 'the device got no request');
    assert.ok(requests() > 0, 'stats() tells of no request to a device');
  });
  done();
}

main();
