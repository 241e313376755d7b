// Routing as the package comes: nothing is configured but how long an emulated device may take.
//   node routing.js TRANSPORT

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const node = require('node:zlib');
const { mixed } = require('../../support/data');
const { counters } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

zlib.warpdrive.configure({ deviceTimeout: 60_000 });

const transport = process.argv[2];
const SMALL = 8;
const data = mixed(4 << 20);

async function main() {
  // All in one turn: what is measured with an emulated CPU may speak for the device ever after.
  await step(`${transport}: small requests stay on the CPU by themselves`, async () => {
    const before = counters(transport).jobs;
    const inputs = Array.from({ length: SMALL }, (_, i) => mixed(1000, i + 1));
    const packed = await Promise.all(inputs.map((input) => promisify(zlib.gzip)(input)));
    for (const [i, input] of inputs.entries()) {
      assert.ok(node.gunzipSync(packed[i]).equals(input), 'other bytes');
    }
    note(JSON.stringify(zlib.warpdrive.stats()));
    assert.equal(counters(transport).jobs, before, 'requests that the device got');
    assert.deepEqual(zlib.warpdrive.stats().routing, { 'below-threshold': SMALL });
  });

  let packed;
  await step(`${transport}: createGzip() chooses the device by itself for 4 MB`, async () => {
    const before = counters(transport).jobs;
    packed = await collect(zlib.createGzip(), pieces(data, 65536));
    const jobs = counters(transport).jobs - before;
    note(`${jobs} requests; ${JSON.stringify(zlib.warpdrive.stats())}`);
    assert.ok(node.gunzipSync(packed).equals(data), 'other bytes');
    assert.ok(jobs >= data.length / 131_072, `the device got only ${jobs} requests`);
    assert.equal(zlib.warpdrive.stats().routing.faster, 1);
  });

  await step(`${transport}: createGunzip() chooses it by itself, too`, async () => {
    const before = counters(transport).jobs;
    assert.ok((await collect(zlib.createGunzip(), pieces(packed, 65536))).equals(data));
    assert.ok(counters(transport).jobs > before, 'the device got no request');
    assert.equal(zlib.warpdrive.stats().routing.faster, 2);
  });
  // Load sends new streams elsewhere, and there the bytes are others: not if the caller names one.
  await step(`${transport}: a named device gives the same bytes however busy it is`, async () => {
    const [{ name: device }] = zlib.warpdrive.devices();
    const input = data.subarray(0, 500_000);
    const pack = () => collect(zlib.createGzip({ warpdrive: { device } }), pieces(input, 65536));
    const alone = await pack();
    const before = counters(transport).jobs;
    const together = await Promise.all(Array.from({ length: 24 }, pack));
    assert.ok(node.gunzipSync(alone).equals(input), 'other bytes');
    for (const packed of together) assert.ok(packed.equals(alone), 'others than alone');
    const jobs = counters(transport).jobs - before;
    assert.ok(jobs > 64, `${jobs} requests: no longer a long queue`);
  });
  done();
}

main();
