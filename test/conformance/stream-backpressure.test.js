// Writers wait for readers: what is in flight is bounded, and nothing gets lost on the way.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Transform } = require('node:stream');
const { mixed, noise } = require('../support/data');
const { pieces, turns, until } = require('../support/drive');
const { CLASSES, FORMATS } = require('../support/formats');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const MIB = 1 << 20;
const plain = mixed(3 * MIB);

async function slowly(readable, pause) {
  const chunks = [];
  for await (const chunk of readable) {
    chunks.push(chunk);
    await pause(chunks.length);
  }
  return Buffer.concat(chunks);
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: a slow reader gets all of it`, async () => {
    const compressor = new zlib[Compressor]({ level: 1 });
    const feeding = (async () => {
      for (const piece of pieces(plain, 40_000)) {
        if (!compressor.write(piece)) await once(compressor, 'drain');
      }
      compressor.end();
    })();
    const output = await slowly(compressor, (i) => turns(i % 5));
    await feeding;
    assert.ok(node[`${decompress}Sync`](output).equals(plain));

    const decompressor = new zlib[Decompressor]();
    decompressor.end(node[`${compress}Sync`](plain, { level: 1 }));
    assert.ok((await slowly(decompressor, (i) => turns(i % 3))).equals(plain));
  });

  test(`${name}: without a reader a compressor stops taking data`, async () => {
    const compressor = new zlib[Compressor]({ level: 1 });
    const limit = 48 * MIB;
    const piece = noise(MIB);
    let taken = 0;
    let idle = 0;
    compressor.on('drain', () => {
      idle = 0;
      taken += piece.length;
      compressor.write(piece);
    });
    compressor.write(piece);
    // Long enough without 'drain' means that it stopped; too much taken means that it does not.
    while (idle < 100 && taken < limit) {
      idle++;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.ok(taken < limit, `took ${taken} bytes that nobody read`);
    compressor.destroy();
  });

  test(`${name}: without a reader a decompressor stops making data`, async () => {
    const bomb = node[`${compress}Sync`](Buffer.alloc(64 * MIB), { level: 1 });
    const decompressor = new zlib[Decompressor]();
    decompressor.end(bomb);
    await until(() => decompressor.readableLength > 0);
    let last = -1;
    let idle = 0;
    while (idle < 50) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      idle = decompressor.readableLength === last ? idle + 1 : 0;
      last = decompressor.readableLength;
      assert.ok(last < 16 * MIB, `${last} bytes wait to be read`);
    }
    decompressor.destroy();
  });
}

test('write() returns what node’s returns, and drain follows', async () => {
  for (const Class of CLASSES) {
    for (const options of [{}, { highWaterMark: 10 }, { writableHighWaterMark: 100_000 }]) {
      for (const size of [0, 1, 9, 10, 11, 16383, 16384, 65535, 65536, 99_999, 100_000]) {
        assertSame(
          (side) => {
            const stream = new side[Class](options);
            stream.on('error', () => {});
            const first = stream.write(noise(size));
            const seen = [first, stream.writableNeedDrain, stream.writableLength >= 0];
            stream.destroy();
            return seen;
          },
          `${Class} ${JSON.stringify(options)} ${size}`,
        );
      }
    }
  }
  const gzip = new zlib.Gzip();
  gzip.resume();
  assert.equal(gzip.write(noise(200_000)), false);
  await once(gzip, 'drain');
  assert.equal(gzip.writableNeedDrain, false);
  gzip.destroy();
});

test('pause() and resume() in a data listener', async () => {
  const gunzip = new zlib.Gunzip();
  const chunks = [];
  gunzip.on('data', (chunk) => {
    assert.equal(gunzip.isPaused(), false);
    chunks.push(chunk);
    gunzip.pause();
    setImmediate(() => gunzip.resume());
  });
  gunzip.end(node.gzipSync(plain.subarray(0, MIB)));
  await once(gunzip, 'end');
  assert.ok(Buffer.concat(chunks).equals(plain.subarray(0, MIB)));
});

test('read(n) gives exactly n', async () => {
  const gunzip = new zlib.Gunzip();
  gunzip.end(node.gzipSync(plain.subarray(0, 300_000)));
  const chunks = [];
  gunzip.on('readable', () => {
    for (let chunk = gunzip.read(777); chunk !== null; chunk = gunzip.read(777)) {
      if (!gunzip.readableEnded && gunzip.readableLength > 0) assert.equal(chunk.length, 777);
      chunks.push(chunk);
    }
  });
  await once(gunzip, 'end');
  assert.ok(Buffer.concat(chunks).equals(plain.subarray(0, 300_000)));
});

const transformRead = Transform.prototype._read;
const READS = {
  'the option read': (Class) =>
    new Class({
      read(size) {
        transformRead.call(this, size);
      },
    }),
  'a _read of the instance': (Class) => {
    const stream = new Class();
    stream._read = (size) => transformRead.call(stream, size);
    return stream;
  },
  'a _read of a subclass': (Class) =>
    new (class extends Class {
      _read(size) {
        transformRead.call(this, size);
      }
    })(),
};

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  for (const [title, make] of Object.entries(READS)) {
    test(`${name}: ${title} that knows Transform's alone stops nothing`, async () => {
      const data = noise(MIB);
      const compressor = make(zlib[Compressor]);
      compressor.end(data);
      const packed = await slowly(compressor, (i) => turns(i % 3));
      assert.ok(node[`${decompress}Sync`](packed).equals(data));

      const decompressor = make(zlib[Decompressor]);
      decompressor.end(node[`${compress}Sync`](data));
      assert.ok((await slowly(decompressor, (i) => turns(i % 3))).equals(data));
    });
  }
}

test('a stream that waited for its reader keeps no _read of its own, and a given one', async () => {
  for (const given of [undefined, transformRead]) {
    const gunzip = new zlib.Gunzip(given && { read: given });
    const own = Object.getOwnPropertyDescriptor(gunzip, '_read');
    gunzip.end(node.gzipSync(plain));
    await slowly(gunzip, () => turns(2));
    assert.deepEqual(Object.getOwnPropertyDescriptor(gunzip, '_read'), own);
  }
});
