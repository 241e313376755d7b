// Random cases of test/differential on a device, which is made of software: what it delivers, and
// what software makes of its streams when data is damaged, is what node:zlib gives.

// Before the package is loaded. Blocks and window are those of the ZIP engine.
process.env.WARPDRIVE_TEST_DEVICES = 'name=test-0,block=131072,window=8';

const assert = require('node:assert/strict');
const { runSubset } = require('../differential/subset');
const { notForNode, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const CASES = 60;
const skip = notForNode('it has no devices');

test(`${CASES} random cases on a device`, { skip }, async (t) => {
  zlib.warpdrive.configure({ hardwareThreshold: 0, deviceTimeout: 600_000 });
  const { total, counts, differences } = await runSubset(CASES);
  const { devices, failovers } = zlib.warpdrive.stats();
  const { requests, quarantine } = devices.find(({ name }) => name === 'test-0');
  t.diagnostic(`${JSON.stringify(counts)}; ${requests} requests, ${failovers} in software again`);
  assert.equal(differences.length, 0, differences.join('\n\n'));
  assert.equal(total, CASES);
  assert.ok(requests > 0, 'the device got no request');
  assert.ok(failovers > 0, 'software took over no damaged stream');
  assert.equal(quarantine.count, 0, 'the device was blamed for damaged data');
});
