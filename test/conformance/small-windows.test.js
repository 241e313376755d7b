// windowBits of a decompressor below those of the data. zlib then takes distances into what the same
// call put out and refuses others, so what is decoded depends on how much a call is given.

const assert = require('node:assert/strict');
const { zlib, node } = require('../support/subject');
const { noise } = require('../support/data');
const { assertSame, describeError } = require('../support/same');
const { test } = require('../support/bounded');

/** Hardly compressible, but for repeats from `distance` bytes before. */
function withDistance(distance, size) {
  const data = noise(size);
  for (let at = distance; at + 64 <= size; at += 4096) {
    data.copyWithin(at, at - distance, at - distance + 64);
  }
  return data;
}

async function decode(stream, packed) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  let failure = null;
  stream.on('error', (error) => {
    failure = describeError(error);
  });
  const closed = new Promise((resolve) => stream.on('close', resolve));
  stream.end(packed);
  await closed;
  return { output: Buffer.concat(chunks), failure, bytesWritten: stream.bytesWritten };
}

test('one write of more than 512 KiB is one call', async () => {
  const plain = withDistance(20_000, 900_000);
  const packed = node.deflateRawSync(plain);
  assert.ok(packed.length > 600_000, `${packed.length} bytes packed`);
  for (const chunkSize of [64, 16_384, 1 << 20]) {
    const options = { windowBits: 14, chunkSize };
    const expected = await decode(node.createInflateRaw(options), packed);
    const actual = await decode(zlib.createInflateRaw(options), packed);
    assert.deepEqual(actual, expected, `chunkSize ${chunkSize}`);
    if (chunkSize === 1 << 20)
      assert.ok(expected.output.equals(plain), 'zlib takes it in one call');
    else assert.equal(expected.failure?.code, 'Z_DATA_ERROR', `chunkSize ${chunkSize}`);
  }
});

test('the header is asked for the window only if there are options', async () => {
  for (const size of [60_000, 900_000]) {
    const packed = node.deflateSync(withDistance(20_000, size));
    packed.set([0x28, 0x91]); // a window of 1 KiB, and the check bits for it
    for (const options of [undefined, null, {}, { windowBits: 0 }, { chunkSize: 1 << 20 }]) {
      for (const name of ['Inflate', 'Unzip']) {
        const label = `${name} ${size} ${JSON.stringify(options)}`;
        const expected = await decode(node[`create${name}`](options), packed);
        assert.deepEqual(await decode(zlib[`create${name}`](options), packed), expected, label);
      }
      assertSame((side) => side.inflateSync(packed, options), `${size} ${JSON.stringify(options)}`);
    }
    const { failure } = await decode(node.createInflate({}), packed);
    assert.equal(failure?.message, 'invalid distance too far back');
    assert.equal((await decode(node.createInflate(), packed)).failure, null);
  }
});
