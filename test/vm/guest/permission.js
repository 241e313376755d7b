// A device that this user may not open when the process starts, and may later.
//   node permission.js TRANSPORT
// Root's part in the guest's script: grant().

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { mixed } = require('../../support/data');
const { counters, rootDone } = require('./bench');
const { collect, pieces } = require('./drive');
const { step, note, done } = require('./tap');
const zlib = require('../../..');

const transport = process.argv[2];

async function main() {
  const [{ name: device, usable, reason }] = zlib.warpdrive.devices();
  await step(`${transport}: named without permission, it says whose node it is`, () => {
    assert.equal(usable, false);
    assert.throws(
      () => zlib.warpdrive.configure({ device }),
      (error) => {
        note(error.message);
        assert.ok(error instanceof RangeError);
        for (const words of [device, reason, 'no permission', '/dev/vfio/', 'udev rule']) {
          assert.ok(error.message.includes(words), words);
        }
        return true;
      },
    );
  });
  await step(`${transport}: once permitted, it can be named at once, and is used`, async () => {
    await rootDone('grant');
    // A modelled device is slower than the guest's CPU.
    zlib.warpdrive.configure({ device, deviceTimeout: 60_000 });
    const data = mixed(300_000);
    const before = counters(transport).jobs;
    const packed = await collect(zlib.createGzip(), pieces(data, 100_000));
    assert.ok(node.gunzipSync(packed).equals(data), 'other bytes');
    assert.ok(counters(transport).jobs > before, 'the device got no request');
  });
  done();
}

main();
