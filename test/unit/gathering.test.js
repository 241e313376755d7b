// Writes that nobody waits for are gathered while a request is in flight; with a callback each is
// processed before it is called. How Node tells the two apart is not public: this fails if a new
// Node hides it.

const assert = require('node:assert/strict');
const node = require('node:zlib');
const { noise } = require('../support/data');
const { pieces, written } = require('../support/drive');
const { test } = require('../support/bounded');
const { zlib, notForNode } = require('../support/subject');

const PIECE = 1024;
const packed = node.gzipSync(noise(64 * PIECE));
const count = Math.ceil(packed.length / PIECE);
const skip = notForNode('requests are counted');

/** Requests it takes to gunzip what `write(stream, piece)` is given piece by piece. */
async function requestsFor(write) {
  const before = zlib.warpdrive.stats().requests;
  const stream = zlib.createGunzip();
  stream.resume();
  const ended = new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  for (const piece of pieces(packed, PIECE)) await write(stream, piece);
  stream.end();
  await ended;
  return zlib.warpdrive.stats().requests - before;
}

test('writes without callback share requests', { skip }, async () => {
  const requests = await requestsFor((stream, piece) => void stream.write(piece));
  assert.ok(requests < count / 4, `${requests} requests for ${count} writes`);
});

test('writes with callback are processed one by one', { skip }, async () => {
  const requests = await requestsFor(written);
  assert.ok(requests >= count, `${requests} requests for ${count} writes`);
});

test('who calls _transform() gets the callback after the output', async () => {
  const plain = Buffer.alloc(100_000, 'by hand ');
  const whole = node.gzipSync(plain);
  const stream = zlib.createGunzip();
  let size = 0;
  stream.on('data', (chunk) => {
    size += chunk.length;
  });
  await written(stream, whole.subarray(0, 20));
  await new Promise((resolve) => stream._transform(whole.subarray(20), '', resolve));
  assert.equal(size, plain.length);
  stream.destroy();
});
