// arm64-round-trip.js PACKAGE: the built package in this Node (arm64.sh runs it under emulation):
// threads, rings, blocks, framing and failover, each once, against the running Node's own zlib.
// Needs WARPDRIVE_TEST_DEVICES with a device test-0 that fails now and then.

const assert = require('node:assert/strict');
const zlib = require('node:zlib');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');

const warpdrive = require(process.argv[2]);

/** Words of a small vocabulary in no order: compresses, and differently in each block. */
function text(bytes) {
  let state = 1;
  const words = [];
  for (let size = 0; size < bytes; size += words.at(-1).length + 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    words.push(`word${(state >>> 16) % 4000}`);
  }
  return Buffer.from(words.join(' ')).subarray(0, bytes);
}

async function through(input, stream) {
  const [output] = await Promise.all([buffer(stream), pipeline(Readable.from([input]), stream)]);
  return output;
}

async function main() {
  assert.equal(process.arch, 'arm64');
  const input = text(1_500_000);
  for (const level of [1, 6]) {
    const packed = await through(input, warpdrive.createGzip({ level }));
    assert.ok(packed.length < input.length / 2);
    assert.deepEqual(zlib.gunzipSync(packed), input);
    assert.deepEqual(await through(packed, warpdrive.createGunzip()), input);
  }
  const small = input.subarray(0, 5000);
  assert.deepEqual(zlib.inflateRawSync(warpdrive.deflateRawSync(small)), small);
  assert.equal(warpdrive.crc32(input), zlib.crc32(input));
  const device = { warpdrive: { device: 'test-0' } };
  assert.deepEqual(zlib.gunzipSync(await through(input, warpdrive.createGzip(device))), input);
  const { requests, doorbells, failovers, runningThreads } = warpdrive.warpdrive.stats();
  console.log(
    JSON.stringify({ node: process.version, requests, doorbells, failovers, runningThreads }),
  );
  assert.ok(requests > 10 && doorbells > 0 && failovers > 0 && runningThreads >= 2);
}

main();
