// bytesWritten (and bytesRead, where Node has it): input taken by the engine.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { mixed, text } = require('../support/data');
const { flushed, pieces, through, written } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES, FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = mixed(250_000);
const SIZES = [0, 1, 10, 3000, 70_000, 5];

for (const { name, compress, Compressor, Decompressor } of FORMATS) {
  const packed = node[`${compress}Sync`](plain);

  test(`${name}: in the callback of each write of a compressor`, () =>
    assertSameAsync(async (side) => {
      const stream = new side[Compressor]();
      stream.resume();
      const seen = [stream.bytesWritten];
      for (const size of SIZES) {
        await written(stream, plain.subarray(0, size));
        seen.push(stream.bytesWritten);
      }
      stream.destroy();
      return seen;
    }, Compressor));

  test(`${name}: in the callback of each write of a decompressor`, () =>
    assertSameAsync(async (side) => {
      const stream = new side[Decompressor]();
      stream.resume();
      const seen = [];
      let offset = 0;
      for (const size of SIZES) {
        await written(stream, packed.subarray(offset, offset + size));
        offset += size;
        seen.push(stream.bytesWritten);
      }
      stream.destroy();
      return seen;
    }, Decompressor));

  test(`${name}: in the callback of each flush, at finish, end and close`, () =>
    assertSameAsync(async (side) => {
      const life = new Recorder(new side[Compressor]());
      const seen = [];
      const note = (label) => () => seen.push([label, life.stream.bytesWritten]);
      for (const event of ['finish', 'end', 'close']) life.stream.on(event, note(event));
      for (const size of SIZES) {
        life.stream.write(plain.subarray(0, size));
        await flushed(life.stream, 2);
        note('flush')();
      }
      life.stream.end(plain.subarray(0, 99));
      await life.closed();
      return seen;
    }, Compressor));

  test(`${name}: all of it at the end, however it was written`, async () => {
    for (const step of [1000, 65536, plain.length]) {
      const compressor = new zlib[Compressor]();
      await through(compressor, plain, step);
      assert.equal(compressor.bytesWritten, plain.length);
      const decompressor = new zlib[Decompressor]();
      await through(decompressor, packed, step);
      assert.equal(decompressor.bytesWritten, packed.length);
    }
  });

  test(`${name}: without what follows the stream, in one write`, () =>
    assertSameAsync(async (side) => {
      const life = new Recorder(new side[Decompressor]());
      life.stream.end(Buffer.concat([packed, Buffer.alloc(100, 'x')]));
      await life.closed();
      return [life.stream.bytesWritten, life.reads()];
    }, Decompressor));
}

for (const name of CLASSES) {
  test(`${name}: a write counts when it is called back, one that is destroyed before never`, () =>
    assertSameAsync(async (side) => {
      const seen = [];
      for (const end of [false, true]) {
        const stream = new side[name]();
        stream.on('error', () => {}).resume();
        stream.write(Buffer.from('x'));
        seen.push(stream.bytesWritten);
        if (end) stream.end();
        stream.destroy(new Error('destroyed'));
        await new Promise((resolve) => stream.once('close', resolve));
        seen.push(stream.bytesWritten);
      }
      return seen;
    }, name));
}

test('output of a compressor whose readable side somebody ended is an error', async () => {
  for (const name of ['Gzip', 'Deflate']) {
    for (const options of [{}, { readable: false }]) {
      await assertSameAsync(
        async (side) => {
          const recorder = new Recorder(new side[name](options));
          if (options.readable !== false) recorder.stream.push(null);
          recorder.stream.end('x');
          await recorder.closed();
          return recorder.life();
        },
        `${name} ${JSON.stringify(options)}`,
      );
    }
  }
});

test('in an error listener', () =>
  assertSameAsync(async (side) => {
    const packed = Buffer.from(node.gzipSync(plain));
    packed[packed.length - 8] ^= 1;
    const life = new Recorder(new side.Gunzip());
    const seen = [];
    life.stream.on('error', () => seen.push(life.stream.bytesWritten <= packed.length));
    life.stream.end(packed);
    await life.closed();
    return seen;
  }, 'wrong checksum'));

test('strings count in bytes', () =>
  assertSameAsync(async (side) => {
    const stream = new side.Gzip();
    stream.resume();
    await written(stream, 'Grüße 世界');
    await written(stream, 'ff00ff', 'hex');
    return stream.bytesWritten;
  }, 'gzip'));

test('it can be set', () => {
  for (const Class of CLASSES) {
    assertSame((side) => {
      const stream = new side[Class]();
      stream.bytesWritten = 1000;
      const { bytesWritten } = stream;
      stream.destroy();
      return [bytesWritten, Object.keys(stream).includes('bytesWritten')];
    }, Class);
  }
});

const skip = !('bytesRead' in node.Gzip.prototype) && 'this Node has no bytesRead';

test('bytesRead is bytesWritten', { skip }, async () => {
  await assertSameAsync(async (side) => {
    const stream = new side.Gzip();
    stream.resume();
    await written(stream, plain);
    const seen = [stream.bytesRead];
    stream.bytesRead = 5;
    seen.push(stream.bytesWritten, stream.bytesRead);
    stream.destroy();
    return seen;
  }, 'gzip');
});

for (const { compress, Decompressor } of FORMATS) {
  test(`${Decompressor}: what is put out is counted when it is put out`, () =>
    assertSameAsync(async (side) => {
      const packed = node[`${compress}Sync`](text(30_000));
      const stream = new side[Decompressor]();
      const seen = [];
      let output = 0;
      stream.on('data', (chunk) => {
        output += chunk.length;
        seen.push([output, stream.bytesWritten, stream.bytesRead]);
      });
      for (const piece of pieces(packed, 1000)) await written(stream, piece);
      stream.destroy();
      return seen;
    }, Decompressor));

  test(`${Decompressor}: input is never counted behind its output`, async () => {
    const plain = Buffer.alloc(2_000_000, 'some text, ');
    const packed = node[`${compress}Sync`](plain);
    const most = (1.2 * plain.length) / packed.length;
    const stream = new zlib[Decompressor]();
    let output = 0;
    let ratio = 0;
    stream.on('data', (chunk) => {
      output += chunk.length;
      ratio = Math.max(ratio, output / stream.bytesWritten);
    });
    stream.end(packed);
    await once(stream, 'end');
    assert.equal(output, plain.length);
    assert.ok(ratio < most, `${ratio} bytes of output for each of input`);
  });
}
