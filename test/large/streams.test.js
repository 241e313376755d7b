// Streams of more than 4 GiB, where every counter of 32 bits has wrapped around: 4.5 GiB through
// each format in both directions, in bounded memory.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const test = require('node:test');
const { runProgram } = require('../support/child');
const { writePiece } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { GIB, PIECE, Tally, largeData, piece } = require('../support/large');
const { needs } = require('../support/programs');
const { zlib, node } = require('../support/subject');

const SIZE = 4.5 * GIB + 12_345;
const WRAPPED = SIZE % 2 ** 32;
const MEMORY_ADDED = 256 * 2 ** 20;
const { crc32 } = node;

/** Resolves when the consumed stream has ended. */
const ended = (stream) =>
  new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));

/** The CRC of the data; all pieces but the last are the same. */
function checksum() {
  const tally = new Tally(crc32);
  for (const part of largeData(SIZE)) tally.add(part);
  assert.equal(tally.size, SIZE);
  return tally.checksum;
}

/** All of the data through a compressor; its output, which is small. */
async function compressed(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  const end = ended(stream);
  for (const part of largeData(SIZE)) await writePiece(stream, part);
  stream.end();
  await end;
  return Buffer.concat(chunks);
}

/** Counts what comes out of a stream, checking each MiB of it, and keeps none. */
function check(stream) {
  const count = { size: 0 };
  stream.on('data', (chunk) => {
    for (let offset = 0; offset < chunk.length; ) {
      const from = (count.size + offset) % PIECE;
      const length = Math.min(PIECE - from, chunk.length - offset);
      const same = chunk.compare(piece, from, from + length, offset, offset + length) === 0;
      if (!same) throw new Error(`wrong data near ${count.size + offset}`);
      offset += length;
    }
    count.size += chunk.length;
  });
  return count;
}

/** Decompresses `bytes` in pieces. @returns the bytes of output, which were right */
async function checkedOutput(stream, bytes) {
  const count = check(stream);
  const end = ended(stream);
  for (let offset = 0; offset < bytes.length; offset += 65_536) {
    await writePiece(stream, bytes.subarray(offset, offset + 65_536));
  }
  stream.end();
  await end;
  return count.size;
}

/** Runs `fn` and checks that it added little memory. */
async function inBoundedMemory(fn) {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const result = await fn();
  clearInterval(timer);
  const added = Math.max(most, process.memoryUsage.rss()) - before;
  assert.ok(added < MEMORY_ADDED, `${added} bytes of memory added`);
  return result;
}

for (const { name, Compressor, Decompressor } of FORMATS) {
  let bytes;

  test(`${name}: 4.5 GiB are compressed`, async () => {
    const stream = new zlib[Compressor]({ level: 1 });
    bytes = await inBoundedMemory(() => compressed(stream));
    assert.equal(stream.bytesWritten, SIZE);
    if (name === 'gzip') {
      // ISIZE is the size modulo 2^32 (RFC 1952 §2.3.1).
      assert.equal(bytes.readUInt32LE(bytes.length - 4), WRAPPED);
      assert.equal(bytes.readUInt32LE(bytes.length - 8), checksum());
    }
  });

  test(`${name}: and decompressed`, async () => {
    const stream = new zlib[Decompressor]();
    const size = await inBoundedMemory(() => checkedOutput(stream, bytes));
    assert.equal(size, SIZE);
    assert.equal(stream.bytesWritten, bytes.length);
  });

  if (name === 'gzip') {
    test('gzip: gzip -l and gzip -t accept it', async (t) => {
      if (!needs(t, 'gzip')) return;
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-large-'));
      t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
      fs.writeFileSync(path.join(folder, 'large.gz'), bytes);
      const run = (args) => runProgram('gzip', args, { cwd: folder });
      const list = await run(['-l', 'large.gz']);
      assert.equal(list.code, 0, list.stderr);
      const [, , listed] = /(\d+)\s+(\d+)/.exec(list.stdout);
      // Newer versions of gzip decompress to tell the size, older ones read ISIZE.
      assert.ok([SIZE, WRAPPED].includes(Number(listed)), `${list.stdout}`);
      const tested = await run(['-t', 'large.gz']);
      assert.deepEqual([tested.code, tested.signal], [0, null], tested.stderr);
    });
  }
}

test('more than 4 GiB of compressed data: stored, and read again', async () => {
  const gzip = new zlib.Gzip({ level: 0 });
  const gunzip = new zlib.Gunzip();
  const count = check(gunzip);
  let packed = 0;
  gzip.on('data', (chunk) => {
    packed += chunk.length;
  });
  await inBoundedMemory(() => pipeline(Readable.from(largeData(SIZE)), gzip, gunzip));
  assert.equal(count.size, SIZE);
  assert.equal(gzip.bytesWritten, SIZE);
  assert.ok(packed > SIZE);
  assert.equal(gunzip.bytesWritten, packed);
});

test('a wrong ISIZE behind 4.5 GiB is found', async () => {
  const bytes = await compressed(new zlib.Gzip({ level: 1 }));
  bytes[bytes.length - 1] ^= 1;
  await assert.rejects(checkedOutput(new zlib.Gunzip(), bytes), {
    code: 'Z_DATA_ERROR',
    message: 'incorrect length check',
  });
});
