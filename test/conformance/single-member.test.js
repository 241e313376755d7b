// A gzip stream is one member: one header, one deflate stream, one trailer, nothing after it.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { feed } = require('../support/feed');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const MIB = 1 << 20;
const large = mixed(3 * MIB);

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** Takes `bytes` apart as one member and compares each part. */
function assertOneMember(bytes, data) {
  // RFC 1952 §2.3: magic, deflate, no flags, no time.
  assert.equal(bytes.subarray(0, 8).toString('hex'), '1f8b080000000000');
  const { buffer, engine } = node.inflateRawSync(bytes.subarray(HEADER_BYTES), { info: true });
  assert.ok(buffer.equals(data));
  assert.equal(HEADER_BYTES + engine.bytesWritten + TRAILER_BYTES, bytes.length, 'nothing is left');
  const trailer = bytes.subarray(-TRAILER_BYTES);
  assert.equal(trailer.readUInt32LE(0), node.crc32(data));
  assert.equal(trailer.readUInt32LE(4), data.length);
}

/** What browsers do: one member, and an error if anything follows. */
async function decompressionStream(bytes, format) {
  const output = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return Buffer.from(await new Response(output).arrayBuffer());
}

const CASES = {
  nothing: [Buffer.alloc(0), []],
  'a little': [Buffer.from('a little'), []],
  '3 MiB': [large, []],
  'one block and a byte': [large.subarray(0, MIB + 1), []],
  'flushes of each kind': [large, [0, 1, 2, 3, 5].map((kind, i) => [i * 500_000, kind])],
  'a flush at the very end': [large.subarray(0, 100_000), [[100_000, 2]]],
};

for (const [name, [data, points]] of Object.entries(CASES)) {
  for (const level of [0, 1, 6]) {
    test(`${name}, level ${level}`, async () => {
      const bytes = await feed(new zlib.Gzip({ level }), data, 70_000, points);
      assertOneMember(bytes, data);
      assert.ok(node.gunzipSync(bytes).equals(data));
      assert.ok((await decompressionStream(bytes, 'gzip')).equals(data));
    });
  }
}

test('the header says which extreme level it was (XFL) and the system (OS) as zlib does', () => {
  for (const level of [-1, 0, 1, 2, 6, 8, 9]) {
    for (const strategy of [0, 1, 2, 3, 4]) {
      const options = { level, strategy };
      const header = (side) => side.gzipSync('x', options).subarray(0, HEADER_BYTES);
      assert.deepEqual(header(zlib), header(node), JSON.stringify(options));
    }
  }
});

test('the zlib header is the one zlib writes', () => {
  for (const level of [-1, 0, 1, 2, 5, 6, 7, 9]) {
    for (const windowBits of [9, 12, 15]) {
      const options = { level, windowBits };
      const header = (side) => side.deflateSync('x', options).subarray(0, 2);
      assert.deepEqual(header(zlib), header(node), JSON.stringify(options));
    }
  }
});

test('zlib and raw output is one stream too', async () => {
  const deflated = await feed(new zlib.Deflate(), large, 65536, [[MIB, 2]]);
  assert.ok((await decompressionStream(deflated, 'deflate')).equals(large));
  const raw = await feed(new zlib.DeflateRaw(), large, 65536, [[MIB, 3]]);
  const { buffer, engine } = node.inflateRawSync(raw, { info: true });
  assert.ok(buffer.equals(large));
  assert.equal(engine.bytesWritten, raw.length);
});

test('callback and sync forms too', () => {
  assertOneMember(zlib.gzipSync(large), large);
  const prose = text(5000);
  assertOneMember(zlib.gzipSync(prose, { level: 9 }), prose);
});
