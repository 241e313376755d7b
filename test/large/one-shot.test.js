// One call with more than 2 and more than 4 GiB of input or output. node:zlib truncates lengths to
// 32 bits there (nodejs/node#59552, #60809): gzipSync of 2^32 bytes gives it an empty member. Being
// right is the one allowed difference, so expectations here are computed, not taken from it.

const assert = require('node:assert/strict');
const { kMaxLength } = require('node:buffer');
const test = require('node:test');
const { oneShot } = require('../support/drive');
const { GIB, Tally, tooLittleMemory } = require('../support/large');
const { zlib, node, notForNode } = require('../support/subject');

const fits = (size) => (size > kMaxLength ? `buffers of this Node end at ${kMaxLength}` : false);
const { crc32 } = node;

/** What a test of `size` bytes of input, and of `output` bytes of output, is skipped for. */
function skipFor(size, output = 0) {
  return (
    notForNode('it is wrong above 4 GiB') ||
    fits(Math.max(size, output)) ||
    tooLittleMemory(size + output + 2 * GIB)
  );
}

/** Zeros with a mark at the start, at the end, and on each side of every GiB. */
function marked(size) {
  const bytes = Buffer.alloc(size);
  bytes[0] = 1;
  bytes[size - 1] = 2;
  for (let at = GIB; at < size; at += GIB) {
    bytes[at - 1] = 3;
    bytes[at] = 4;
  }
  return bytes;
}

/** CRC-32 in parts that every version can take. */
function checksum(bytes) {
  const tally = new Tally(crc32);
  for (let at = 0; at < bytes.length; at += GIB) tally.add(bytes.subarray(at, at + GIB));
  return tally.checksum;
}

for (const size of [2 * GIB + 1, 2 ** 32, 2 ** 32 + 100]) {
  test(`gzipSync and crc32 of ${size} bytes`, { skip: skipFor(size) }, async () => {
    const bytes = marked(size);
    const sum = checksum(bytes);
    assert.equal(zlib.crc32(bytes), sum, 'crc32');
    const packed = zlib.gzipSync(bytes, { level: 1 });
    assert.equal(packed.readUInt32LE(packed.length - 4), size % 2 ** 32);
    assert.equal(packed.readUInt32LE(packed.length - 8), sum);
    // As a stream: the whole of it, checked by its own trailer.
    const gunzip = node.createGunzip({ chunkSize: 1 << 20 });
    let restored = 0;
    gunzip.on('data', (chunk) => {
      restored += chunk.length;
    });
    gunzip.end(packed);
    await new Promise((resolve, reject) => gunzip.once('end', resolve).once('error', reject));
    assert.equal(restored, size);
  });
}

const ABOVE = 2 ** 32 + 100;

test(`gzip of ${ABOVE} bytes, callback`, { skip: skipFor(ABOVE) }, async () => {
  const bytes = marked(ABOVE);
  const { buffer, engine } = await oneShot(zlib, 'gzip', bytes, { level: 1, info: true });
  assert.equal(buffer.readUInt32LE(buffer.length - 4), ABOVE % 2 ** 32);
  assert.equal(buffer.readUInt32LE(buffer.length - 8), checksum(bytes));
  assert.equal(engine.bytesWritten, ABOVE);
});

/** A gzip member of `size` marked bytes, from parts of one GiB. */
async function packedMember(bytes) {
  const gzip = zlib.createGzip({ level: 1 });
  const chunks = [];
  gzip.on('data', (chunk) => chunks.push(chunk));
  const end = new Promise((resolve, reject) => gzip.once('end', resolve).once('error', reject));
  for (let at = 0; at < bytes.length; at += GIB) gzip.write(bytes.subarray(at, at + GIB));
  gzip.end();
  await end;
  return Buffer.concat(chunks);
}

test(`gunzipSync to ${ABOVE} bytes`, { skip: skipFor(ABOVE, ABOVE) }, async () => {
  const bytes = marked(ABOVE);
  const packed = await packedMember(bytes);
  const { buffer, engine } = zlib.gunzipSync(packed, { info: true, maxOutputLength: ABOVE });
  assert.equal(buffer.length, ABOVE);
  assert.ok(buffer.equals(bytes));
  assert.equal(engine.bytesWritten, packed.length);
});

test('maxOutputLength above 4 GiB', { skip: skipFor(ABOVE, ABOVE) }, async () => {
  const packed = await packedMember(marked(ABOVE));
  const error = { code: 'ERR_BUFFER_TOO_LARGE' };
  for (const maxOutputLength of [100, ABOVE - 1]) {
    assert.throws(() => zlib.gunzipSync(packed, { maxOutputLength }), error);
  }
  await assert.rejects(oneShot(zlib, 'gunzip', packed, { maxOutputLength: 2 ** 32 }), error);
});

// Where buffers end before the output does, a clear error and never a part of it.
const TOO_LONG = kMaxLength + 100;

test('output longer than the longest buffer', {
  skip: (TOO_LONG > 8 * GIB && 'no buffer is too long here') || tooLittleMemory(8 * GIB),
}, async () => {
  const gzip = zlib.createGzip({ level: 1 });
  const chunks = [];
  gzip.on('data', (chunk) => chunks.push(chunk));
  const end = new Promise((resolve) => gzip.once('end', resolve));
  for (let left = TOO_LONG; left > 0; left -= GIB) gzip.write(Buffer.alloc(Math.min(GIB, left)));
  gzip.end();
  await end;
  const error = { code: 'ERR_BUFFER_TOO_LARGE' };
  assert.throws(() => zlib.gunzipSync(Buffer.concat(chunks)), error);
});
