// Members of a gzip file and the writes it arrives in: where one ends has nothing to do with where
// the other ends.

const assert = require('node:assert/strict');
const { noise } = require('../support/data');
const { oneShot, pieces, turns } = require('../support/drive');
const { assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const KIB = 1024;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FEXTRA = 4;

const first = node.gzipSync('first');
const second = node.gzipSync('second');

/**
 * Writes all parts without waiting for anything; what came out, and how it ended. end() waits,
 * because node:zlib gives an end() in time along with the last write, and drops that write's
 * output if it is an error to end there.
 */
async function atOnce(stream, parts) {
  const chunks = [];
  let error = null;
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', (reason) => {
    error = reason;
  });
  const closed = new Promise((resolve) => stream.once('close', resolve));
  for (const part of parts) stream.write(part);
  stream.write(Buffer.alloc(0), () => stream.end());
  await closed;
  await turns();
  return { output: Buffer.concat(chunks).toString('latin1'), error: error?.code ?? null };
}

/** A member of exactly `size` bytes that holds `data`: an extra field (RFC 1952 §2.3.1.1) pads it. */
function memberOf(size, data) {
  const body = node.deflateRawSync(data, { level: 0 });
  const extra = size - HEADER_BYTES - 2 - body.length - TRAILER_BYTES;
  assert.ok(extra >= 0 && extra < 65536);
  const header = Buffer.alloc(HEADER_BYTES + 2 + extra);
  header.set([0x1f, 0x8b, 8, FEXTRA]);
  header.writeUInt16LE(extra, HEADER_BYTES);
  const trailer = node.gzipSync(data).subarray(-TRAILER_BYTES);
  return Buffer.concat([header, body, trailer]);
}

const FOLLOWED_BY = {
  'a member': second,
  'zeros and a member': Buffer.concat([Buffer.alloc(3), second]),
  garbage: Buffer.from('garbage'),
  'half a member': second.subarray(0, 14),
  'the magic number and no more': second.subarray(0, 2),
  'a member and garbage': Buffer.concat([second, Buffer.from([1])]),
};

for (const name of ['Gunzip', 'Unzip']) {
  for (const [title, rest] of Object.entries(FOLLOWED_BY)) {
    test(`${name}: a member, then ${title}, cut anywhere into two writes`, async () => {
      const bytes = Buffer.concat([first, rest]);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
        await assertSameAsync((side) => atOnce(new side[name](), parts), `cut at ${cut}`);
      }
    });
  }

  test(`${name}: many small members, each in a write of its own`, async () => {
    const parts = Array.from({ length: 50 }, (_, i) => node.gzipSync(`member ${i};`));
    await assertSameAsync((side) => atOnce(new side[name](), parts));
  });
}

for (const name of ['Inflate', 'InflateRaw']) {
  test(`${name}: one stream is all there is, whichever write the next is in`, async () => {
    const make = name === 'Inflate' ? node.deflateSync : node.deflateRawSync;
    const parts = [make('first'), make('second')];
    await assertSameAsync((side) => atOnce(new side[name](), parts), 'two writes');
    await assertSameAsync((side) => atOnce(new side[name](), [Buffer.concat(parts)]), 'one write');
  });
}

for (const size of [64 * KIB, 256 * KIB, 512 * KIB, 1024 * KIB]) {
  test(`a member of exactly ${size / KIB} KiB and another one`, async () => {
    const data = noise(size - 10_000);
    const bytes = Buffer.concat([memberOf(size, data), second]);
    const plain = Buffer.concat([data, Buffer.from('second')]);
    assert.ok(node.gunzipSync(bytes).equals(plain), 'the test itself');
    for (const method of ['gunzip', 'unzip']) {
      assert.ok(zlib[`${method}Sync`](bytes).equals(plain), `${method}Sync`);
      assert.ok((await oneShot(zlib, method, bytes)).equals(plain), method);
    }
    for (const step of [bytes.length, size + 1, size, size - 1, 64 * KIB]) {
      const { output, error } = await atOnce(new zlib.Gunzip(), pieces(bytes, step));
      assert.equal(error, null);
      assert.ok(Buffer.from(output, 'latin1').equals(plain), `writes of ${step}`);
    }
  });
}

test('what looks like members inside of a member is data', async () => {
  const data = Buffer.from(noise(100_000));
  for (let i = 0; i + second.length < data.length; i += 997) data.set(second, i);
  const bytes = node.gzipSync(data, { level: 0 });
  for (const step of [bytes.length, 16 * KIB, 997]) {
    const { output, error } = await atOnce(new zlib.Gunzip(), pieces(bytes, step));
    assert.equal(error, null);
    assert.ok(Buffer.from(output, 'latin1').equals(data), `writes of ${step}`);
  }
});
