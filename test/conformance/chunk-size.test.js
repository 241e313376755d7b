// chunkSize: the largest chunk that is pushed, when the user has set it.

const assert = require('node:assert/strict');
const { mixed } = require('../support/data');
const { pieces, writePiece } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(90_000);
const SIZES = [64, 65, 100, 1000, 4096, 16384, 100_000, 1 << 20];

async function run(stream, data, step) {
  const life = new Recorder(stream);
  for (const piece of pieces(data, step)) await writePiece(stream, piece);
  stream.end();
  return life.closed();
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: no chunk is larger`, async () => {
    const packed = node[`${compress}Sync`](plain);
    for (const chunkSize of SIZES) {
      const compressed = await run(new zlib[Compressor]({ chunkSize }), plain, 20_000);
      assert.ok(Math.max(...compressed.chunks.map((chunk) => chunk.length)) <= chunkSize);
      assert.ok(node[`${decompress}Sync`](compressed.output).equals(plain));
      const restored = await run(new zlib[Decompressor]({ chunkSize }), packed, 5000);
      assert.ok(Math.max(...restored.chunks.map((chunk) => chunk.length)) <= chunkSize);
      assert.ok(restored.output.equals(plain));
    }
  });

  test(`${name}: the one-shot functions take it too`, () => {
    for (const chunkSize of SIZES) {
      const packed = zlib[`${compress}Sync`](plain, { chunkSize });
      assert.ok(zlib[`${decompress}Sync`](packed, { chunkSize }).equals(plain));
    }
  });
}

test('no chunk is empty', async () => {
  for (const data of [plain, Buffer.alloc(0)]) {
    const { chunks } = await run(new zlib.Gzip(), data, 3000);
    assert.ok(chunks.every((chunk) => chunk.length > 0));
    const back = await run(new zlib.Gunzip(), node.gzipSync(data), 7);
    assert.ok(back.chunks.every((chunk) => chunk.length > 0));
  }
});

test('chunks are not written to after they were pushed', async () => {
  const kept = [];
  const gzip = new zlib.Gzip({ chunkSize: 1000 });
  gzip.on('data', (chunk) => kept.push([chunk, Buffer.from(chunk)]));
  for (const piece of pieces(plain, 10_000)) await writePiece(gzip, piece);
  gzip.end();
  await new Promise((resolve) => gzip.once('end', resolve));
  for (const [chunk, copy] of kept) assert.ok(chunk.equals(copy));
});

test('larger than any memory: refused at once', () => {
  const { kMaxLength } = require('node:buffer');
  // Node 20 refuses what is more than a Buffer can be, others what is more than there is.
  const chunkSize = Math.min(kMaxLength + 1, 2 ** 46);
  for (const { Compressor, Decompressor } of FORMATS) {
    for (const Class of [Compressor, Decompressor]) {
      assertSame((side) => new side[Class]({ chunkSize }), Class);
      assert.throws(() => new zlib[Class]({ chunkSize }));
    }
  }
});
