// Memory that goes to another thread, or shrinks, while a stream is at it. node:zlib ends the process
// then; here nothing truncated may look whole.

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { runScene } = require('../support/child');
const { zlib, node, notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const skip = notForNode('it aborts');

/** Compressors and decompressors meet an input that they cannot take at once. */
async function takeAway(zlib, { Class, how }) {
  zlib.warpdrive.configure({ threads: 1 });
  const size = 24 << 20;
  const memory = new ArrayBuffer(size, how === 'shrink' ? { maxByteLength: size } : undefined);
  const chunk = Buffer.from(memory);
  const block = require('node:crypto').randomBytes(1 << 20);
  for (let at = 0; at < size; at += block.length) block.copy(chunk, at);
  if (Class === 'Gunzip') {
    const packed = require('node:zlib').gzipSync(chunk, { level: 0 });
    packed.copy(chunk, 0, 0, size);
  }
  const stream = new zlib[Class]();
  stream.on('data', () => {}).on('end', () => console.log('ended'));
  stream.on('error', ({ code, message }) =>
    console.log(code, message.replace(/\d+ of/, 'some of')),
  );
  stream.on('close', () => console.log('closed'));
  stream.end(chunk);
  if (how === 'shrink') memory.resize(100);
  else structuredClone(memory, { transfer: [memory] });
}

for (const Class of ['Gzip', 'DeflateRaw', 'Gunzip']) {
  for (const how of ['transfer', 'shrink']) {
    test(`${Class}: ${how} of a chunk that is not taken yet`, { skip }, async () => {
      const { code, stdout, stderr } = await runScene(takeAway, { Class, how });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const message = `a chunk was transferred or shrunk when some of its ${24 << 20} bytes were taken`;
      assert.equal(stdout.toString(), `ERR_INVALID_STATE Invalid state: ${message}\nclosed\n`);
    });
  }
}

/** A copy of `chunk`, whose memory is gone then, unless it is Buffer's pool: Node keeps that. */
function taken(chunk) {
  try {
    return structuredClone(chunk, { transfer: [chunk.buffer] });
  } catch (error) {
    if (error.name !== 'DataCloneError') throw error;
    return Buffer.from(chunk);
  }
}

function transferAll(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(taken(chunk)));
  return chunks;
}

for (const chunkSize of [undefined, 16 * 1024, 65_536]) {
  test(`chunkSize ${chunkSize}: output that its consumer transfers`, { skip }, async () => {
    const plain = randomBytes(700_000);
    const stream = zlib.createDeflateRaw({ chunkSize });
    const chunks = transferAll(stream);
    stream.end(plain);
    await new Promise((resolve) => stream.on('end', resolve));
    assert.ok(node.inflateRawSync(Buffer.concat(chunks)).equals(plain));
  });
}

test('output before an error that its consumer transfers', { skip }, async () => {
  // Of such a length that the step which fails has more than one chunk to give.
  const plain = Buffer.alloc(852 * 1024, randomBytes(10_000));
  const packed = node.gzipSync(plain);
  packed[packed.length - 8] ^= 1; // the checksum
  const stream = zlib.createGunzip();
  const chunks = transferAll(stream);
  stream.end(packed);
  await new Promise((resolve) => stream.on('error', resolve));
  const output = Buffer.concat(chunks);
  assert.ok(output.equals(plain.subarray(0, 848 * 1024)), `${output.length} bytes`);
});
