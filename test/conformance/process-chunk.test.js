// _processChunk(chunk, flush[, callback]), which old programs call.

const assert = require('node:assert/strict');
const { mixed, text } = require('../support/data');
const { turns } = require('../support/drive');
const { FORMATS, FLUSHES } = require('../support/formats');
const { assertSame, assertSameAsync, describeError, outcome } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH } = FLUSHES;
const plain = mixed(200_000);

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: synchronous, all at once`, () => {
    for (const data of [plain, text(10), Buffer.alloc(0)]) {
      const packed = new zlib[Compressor]()._processChunk(data, Z_FINISH);
      assert.ok(Buffer.isBuffer(packed));
      assert.ok(node[`${decompress}Sync`](packed).equals(data));
      const theirs = node[`${compress}Sync`](data);
      const restored = new zlib[Decompressor]()._processChunk(theirs, Z_FINISH);
      assert.ok(Buffer.isBuffer(restored) && restored.equals(data));
    }
  });

  test(`${name}: it closes the engine, as node does`, () => {
    assertSame((side) => {
      const stream = new side[Compressor]();
      const before = [stream._closed, stream.bytesWritten];
      stream._processChunk(plain, Z_FINISH);
      return [...before, stream._closed, stream.bytesWritten, stream.destroyed];
    }, Compressor);
  });

  test(`${name}: with a callback the output comes as data`, async () => {
    const stream = new zlib[Compressor]();
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    const call = (chunk, flush) =>
      new Promise((resolve, reject) => {
        stream.on('error', reject);
        assert.equal(stream._processChunk(chunk, flush, resolve), undefined);
      });
    await call(plain.subarray(0, 1000), Z_NO_FLUSH);
    await call(plain.subarray(1000, 90_000), Z_SYNC_FLUSH);
    const soFar = Buffer.concat(chunks);
    const half = node[`${decompress}Sync`](soFar, { finishFlush: Z_SYNC_FLUSH });
    assert.ok(half.equals(plain.subarray(0, 90_000)));
    await call(plain.subarray(90_000), Z_FINISH);
    assert.ok(node[`${decompress}Sync`](Buffer.concat(chunks)).equals(plain));
    assert.equal(stream._closed, false);
    stream.close();
  });

  test(`${name}: chunkSize and maxOutputLength`, () => {
    const packed = node[`${compress}Sync`](plain);
    for (const options of [{ chunkSize: 64 }, { chunkSize: 3000 }, { maxOutputLength: 1000 }]) {
      assertSame(
        (side) => new side[Decompressor](options)._processChunk(packed, Z_FINISH),
        JSON.stringify(options),
      );
    }
  });

  test(`${name}: errors are thrown`, () => {
    const bad = Buffer.from(node[`${compress}Sync`](plain));
    bad.fill(0xff, 20_000, 20_100);
    for (const bytes of [bad, bad.subarray(0, 15_000), Buffer.from('nothing of this kind')]) {
      for (const flush of [Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH]) {
        assertSame((side) => {
          const stream = new side[Decompressor]();
          const seen = [];
          stream.on('error', (error) => seen.push(describeError(error)));
          const result = outcome(() => stream._processChunk(bytes, flush).length);
          return [result, seen, stream.destroyed, stream.bytesWritten];
        }, `${bytes.length} bytes, flush ${flush}`);
      }
    }
  });
}

test('an error of another kind than zlib’s leaves the stream undestroyed', async () => {
  const packed = node.gzipSync(plain);
  const junk = Buffer.concat([packed, Buffer.from('junk')]);
  for (const [Class, bytes, options] of [
    ['Gunzip', packed, { maxOutputLength: 10 }],
    ['Gzip', plain, { maxOutputLength: 10 }],
    ['Gunzip', junk, { rejectGarbageAfterEnd: true }],
    ['Gunzip', packed, {}],
    ['Gzip', plain, {}],
  ]) {
    await assertSameAsync(
      async (side) => {
        const stream = new side[Class](options);
        const seen = [];
        for (const event of ['error', 'close']) stream.on(event, () => seen.push(event));
        const result = outcome(() => stream._processChunk(bytes, Z_FINISH).length > 0);
        await turns();
        const { destroyed, errored, _closed } = stream;
        const listeners = stream.listeners('error').map(({ name }) => name);
        return [result, seen, destroyed, errored, _closed, listeners.length, listeners[1]];
      },
      `${Class} ${JSON.stringify(options)}`,
    );
  }
});

test('_maxOutputLength counts as it is at the call', () => {
  const packed = node.gzipSync(plain);
  for (const [Class, bytes] of [
    ['Gunzip', packed],
    ['Gzip', plain],
  ]) {
    for (const [given, most] of [
      [10, 1e6],
      [1e6, 10],
      [10, undefined],
      [10, '1000000'],
    ]) {
      assertSame((side) => {
        const stream = new side[Class]({ maxOutputLength: given });
        stream._maxOutputLength = most;
        return stream._processChunk(bytes, Z_FINISH).length > 0;
      }, `${Class} ${given} ${most}`);
    }
  }
});

test('what a closed stream throws', () => {
  for (const { compress, Compressor, Decompressor } of FORMATS) {
    assertSame((side) => {
      const stream = new side[Compressor]();
      stream._processChunk(plain, Z_FINISH);
      return stream._processChunk(plain, Z_FINISH);
    }, Compressor);
    assertSame((side) => {
      const stream = new side[Decompressor]();
      stream.close();
      return stream._processChunk(node[`${compress}Sync`](plain), Z_FINISH);
    }, Decompressor);
  }
});

test('a callback on a closed stream is called with nothing', async () => {
  const gzip = new zlib.Gzip();
  gzip.close();
  const args = await new Promise((resolve) => {
    gzip._processChunk(Buffer.from('x'), Z_FINISH, (...given) => resolve(given));
  });
  assert.deepEqual(args, []);
});
