// What minizlib (npm's tar) does with core zlib: it keeps one stream, makes the handle's close() do
// nothing for the time of a call, calls _processChunk() synchronously for each write and puts
// `_handle` back, because _processChunk() closed it.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { pieces } = require('../support/drive');
const { FLUSHES, FORMATS } = require('../support/formats');
const { describeError, assertEqualTo } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH } = FLUSHES;
const plain = mixed(300_000);
const nothing = Buffer.alloc(0);

class Synchronous {
  constructor(side, Class, options) {
    this.stream = new side[Class](options);
    this.errors = [];
    this.output = [];
    this.listen();
  }

  listen() {
    this.stream.on('error', (error) => this.errors.push(describeError(error)));
  }

  write(chunk, flush = Z_NO_FLUSH) {
    const { stream } = this;
    const handle = stream._handle;
    const { close } = handle;
    const streamClose = stream.close;
    handle.close = () => {};
    stream.close = () => {};
    let result;
    try {
      result = stream._processChunk(chunk, flush);
    } catch (error) {
      this.thrown = describeError(error);
    } finally {
      stream._handle = handle;
      handle.close = close;
      stream.close = streamClose;
      stream.removeAllListeners('error');
      this.listen();
    }
    // The first part may lie in memory that the next call uses again.
    if (result) this.output.push(Buffer.from(result));
  }

  bytes() {
    return Buffer.concat(this.output);
  }
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  for (const step of [100, 512, 10_240, 65_536, plain.length]) {
    const data = step === 100 ? plain.subarray(0, 30_000) : plain;

    test(`${name}: writes of ${step} bytes`, () => {
      const pack = new Synchronous(zlib, Compressor, { level: 6, flush: 0, finishFlush: 4 });
      for (const piece of pieces(data, step)) pack.write(piece);
      pack.write(nothing, Z_FINISH);
      assert.ok(node[`${decompress}Sync`](pack.bytes()).equals(data));
      pack.stream.close();

      const unpack = new Synchronous(zlib, Decompressor);
      for (const piece of pieces(node[`${compress}Sync`](data), step)) unpack.write(piece);
      unpack.write(nothing, Z_FINISH);
      assert.ok(unpack.bytes().equals(data));
      assert.deepEqual([unpack.thrown, unpack.errors], [undefined, []]);
      unpack.stream.close();
    });
  }

  test(`${name}: flushes in between`, () => {
    const pack = new Synchronous(zlib, Compressor);
    let end = 0;
    for (const piece of pieces(plain, 50_000)) {
      pack.write(piece);
      pack.write(nothing, end % 100_000 === 0 ? Z_SYNC_FLUSH : Z_FULL_FLUSH);
      end += piece.length;
      const half = node[`${decompress}Sync`](pack.bytes(), { finishFlush: Z_SYNC_FLUSH });
      assert.ok(half.equals(plain.subarray(0, end)));
    }
    pack.write(nothing, Z_FINISH);
    assert.ok(node[`${decompress}Sync`](pack.bytes()).equals(plain));
  });

  test(`${name}: reset() between streams`, () => {
    const pack = new Synchronous(zlib, Compressor);
    for (let i = 0; i < 3; i++) {
      const start = pack.bytes().length;
      pack.write(text(1000, i + 1));
      pack.write(nothing, Z_FINISH);
      assert.ok(node[`${decompress}Sync`](pack.bytes().subarray(start)).equals(text(1000, i + 1)));
      pack.stream.reset();
    }
  });

  test(`${name}: errors are those of node`, () => {
    const bad = Buffer.from(node[`${compress}Sync`](plain));
    bad.fill(0xff, 30_000, 30_050);
    const run = (side) => {
      const unpack = new Synchronous(side, Decompressor);
      for (const piece of pieces(bad, 10_000)) {
        if (!unpack.thrown) unpack.write(piece);
      }
      return { thrown: unpack.thrown, length: unpack.bytes().length };
    };
    assertEqualTo(run(zlib), run(node), 'error and what came before it');
  });

  test(`${name}: an early end`, () => {
    const run = (side) => {
      const unpack = new Synchronous(side, Decompressor);
      unpack.write(node[`${compress}Sync`](plain).subarray(0, 10_000));
      unpack.write(nothing, Z_FINISH);
      return { thrown: unpack.thrown, length: unpack.bytes().length };
    };
    assertEqualTo(run(zlib), run(node), 'truncated');
  });
}

test('params() with flush() replaced by one that works at once', () => {
  const pack = new Synchronous(zlib, 'Gzip', { level: 1 });
  pack.write(plain.subarray(0, 100_000));
  pack.write(nothing, Z_SYNC_FLUSH);
  const { flush } = pack.stream;
  pack.stream.flush = (kind, callback) => {
    pack.write(nothing, kind);
    callback?.();
  };
  pack.stream.params(9, 0);
  pack.stream.flush = flush;
  pack.write(plain.subarray(100_000));
  pack.write(nothing, Z_FINISH);
  assert.ok(node.gunzipSync(pack.bytes()).equals(plain));
});

test('several members, and trailing garbage', () => {
  const one = node.gzipSync('one');
  for (const bytes of [
    Buffer.concat([one, node.gzipSync('two')]),
    Buffer.concat([one, Buffer.from('garbage')]),
    Buffer.concat([one, nothing, Buffer.alloc(100)]),
  ]) {
    const run = (side) => {
      const unpack = new Synchronous(side, 'Unzip');
      unpack.write(bytes);
      unpack.write(nothing, Z_FINISH);
      return { thrown: unpack.thrown, output: unpack.bytes().toString() };
    };
    assertEqualTo(run(zlib), run(node), bytes.toString('hex'));
  }
});
