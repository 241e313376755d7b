// reset(): a stream begins again, with its options.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { flushed, turns, written } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync, describeError } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(40_000);
const first = text(1000, 5);

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: a compressor reset before anything else`, async () => {
    const life = new Recorder(new zlib[Compressor]({ level: 9 }));
    life.stream.reset();
    life.stream.end(plain);
    await life.closed();
    assert.deepEqual(life.output, zlib[`${compress}Sync`](plain, { level: 9 }));
  });

  test(`${name}: after a flush a whole new stream begins`, async () => {
    for (const level of [0, 1, 6, 9]) {
      const life = new Recorder(new zlib[Compressor]({ level }));
      await written(life.stream, first);
      await flushed(life.stream, 2);
      const start = life.output.length;
      life.stream.reset();
      life.stream.end(plain);
      await life.closed();
      const second = life.output.subarray(start);
      assert.ok(node[`${decompress}Sync`](second).equals(plain), `level ${level}`);
      // Nothing of the first stream is history of the second. (Where stored blocks end is not said.)
      if (level > 0) assert.deepEqual(second, zlib[`${compress}Sync`](plain, { level }));
    }
  });

  test(`${name}: what was written and not flushed is gone`, async () => {
    const life = new Recorder(new zlib[Compressor]());
    const reference = new Recorder(new node[Compressor]());
    for (const { stream } of [life, reference]) {
      await flushed(stream, 2);
      await written(stream, first);
    }
    await turns(20);
    const before = [life.output.length, reference.output.length];
    for (const { stream } of [life, reference]) {
      stream.reset();
      stream.end(plain);
    }
    await Promise.all([life.closed(), reference.closed()]);
    for (const [i, { output }] of [life, reference].entries()) {
      assert.ok(node[`${decompress}Sync`](output.subarray(before[i])).equals(plain));
    }
  });

  test(`${name}: a decompressor in the middle of a stream`, async () => {
    const packed = node[`${compress}Sync`](plain);
    const life = new Recorder(new zlib[Decompressor]());
    await written(life.stream, packed.subarray(0, 3000));
    await flushed(life.stream, 2);
    const before = life.output.length;
    life.stream.reset();
    life.stream.end(packed);
    await life.closed();
    assert.ok(life.output.subarray(before).equals(plain));
  });

  test(`${name}: options stay`, async () => {
    const options = { windowBits: 10, memLevel: 3, strategy: 2, level: 4 };
    const life = new Recorder(new zlib[Compressor](options));
    life.stream.reset();
    life.stream.reset();
    life.stream.end(plain);
    await life.closed();
    assert.deepEqual(life.output, zlib[`${compress}Sync`](plain, options));
  });
}

test('params() stay too', async () => {
  const data = text(60_000);
  const life = new Recorder(new zlib.Deflate({ level: 9 }));
  await new Promise((resolve) => life.stream.params(0, 0, resolve));
  const before = life.output.length;
  life.stream.reset();
  life.stream.end(data);
  await life.closed();
  const output = life.output.subarray(before);
  assert.ok(node.inflateSync(output).equals(data));
  assert.ok(output.length > data.length, 'it is stored');
});

test('bytesWritten goes on', async () => {
  await assertSameAsync(async (side) => {
    const life = new Recorder(new side.Gzip());
    await written(life.stream, first);
    await flushed(life.stream, 2);
    life.stream.reset();
    const at = [life.stream.bytesWritten];
    life.stream.end(plain);
    await life.closed();
    return [...at, life.stream.bytesWritten];
  }, 'gzip');
});

test('reset() returns nothing, and fails on a closed stream', () => {
  const code = (thunk) => {
    try {
      return thunk();
    } catch (error) {
      const { name, code: itsCode } = describeError(error);
      return { name, code: itsCode };
    }
  };
  for (const Class of CLASSES) {
    assertSame((side) => {
      const stream = new side[Class]();
      const open = code(() => stream.reset());
      stream.close();
      return [open, code(() => stream.reset())];
    }, Class);
  }
});
