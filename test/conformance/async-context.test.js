// Which AsyncLocalStorage value callbacks and listeners see. It differs between versions of Node.

const assert = require('node:assert/strict');
const { AsyncLocalStorage, AsyncResource, executionAsyncId } = require('node:async_hooks');
const { promisify } = require('node:util');
const { text } = require('../support/data');
const { turns } = require('../support/drive');
const { METHODS, FORMATS } = require('../support/formats');
const { assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(3000);
const storage = new AsyncLocalStorage();
const packed = {
  inflate: node.deflateSync(plain),
  gunzip: node.gzipSync(plain),
  unzip: node.gzipSync(plain),
  inflateRaw: node.deflateRawSync(plain),
};

test('the callback of a one-shot function sees the value of its call', async () => {
  for (const method of METHODS) {
    const data = packed[method] ?? plain;
    const seen = await Promise.all(
      [1, 2, 3].map((value) =>
        storage.run(
          value,
          () =>
            new Promise((resolve) => {
              zlib[method](data, () => resolve(storage.getStore()));
            }),
        ),
      ),
    );
    assert.deepEqual(seen, [1, 2, 3], method);
  }
});

test('and so it does with an error', async () => {
  for (const method of Object.keys(packed)) {
    for (const options of [{}, { maxOutputLength: 1 }]) {
      const data = options.maxOutputLength ? packed[method] : Buffer.alloc(50, 0xff);
      const seen = await storage.run(
        'call',
        () =>
          new Promise((resolve) => {
            zlib[method](data, options, (error) => resolve([Boolean(error), storage.getStore()]));
          }),
      );
      assert.deepEqual(seen, [true, 'call'], method);
    }
  }
});

test('promises keep the value of their await', async () => {
  await storage.run('awaiting', async () => {
    await promisify(zlib.gzip)(plain);
    assert.equal(storage.getStore(), 'awaiting');
    const gzip = new zlib.Gzip();
    gzip.end(plain);
    for await (const chunk of gzip) {
      assert.ok(chunk);
      assert.equal(storage.getStore(), 'awaiting');
    }
  });
});

/** Values seen by listeners and callbacks of a stream whose calls are made under different ones. */
async function values(side, Class, data) {
  const seen = {};
  const note = (label) => () => {
    seen[label] ??= storage.getStore() ?? 'none';
  };
  const stream = storage.run('create', () => new side[Class]());
  storage.run('listen', () => {
    stream.on('data', note('data'));
    for (const event of ['finish', 'end', 'close']) stream.on(event, note(event));
  });
  await turns();
  await new Promise((resolve) => {
    storage.run('write', () => {
      stream.write(data.subarray(0, 1000), () => {
        note('callback of write')();
        resolve();
      });
    });
  });
  await new Promise((resolve) => {
    storage.run('flush', () => {
      stream.flush(2, () => {
        note('callback of flush')();
        resolve();
      });
    });
  });
  storage.run('end', () => stream.end(data.subarray(1000), note('callback of end')));
  await new Promise((resolve) => stream.once('close', resolve));
  return seen;
}

for (const { name, Compressor, decompress, Decompressor } of FORMATS) {
  test(`${name}: events and callbacks of a stream`, async () => {
    const bytes = packed[decompress];
    await assertSameAsync((side) => values(side, Compressor, plain), Compressor);
    await assertSameAsync((side) => values(side, Decompressor, bytes), Decompressor);
  });
}

test('error listeners', () =>
  assertSameAsync(async (side) => {
    const stream = storage.run('create', () => new side.Gunzip());
    return new Promise((resolve) => {
      stream.on('error', () => resolve(storage.getStore()));
      storage.run('write', () => stream.write(Buffer.alloc(50, 0xff)));
    });
  }, 'Gunzip'));

test('callbacks run in an asynchronous resource of their own, not at the top level', async () => {
  const outer = new AsyncResource('OUTER');
  const ids = await outer.runInAsyncScope(
    () =>
      new Promise((resolve) => {
        zlib.gzip(plain, () => resolve([executionAsyncId(), outer.asyncId()]));
      }),
  );
  assert.notEqual(ids[0], 0);
  assert.notEqual(ids[0], ids[1]);
});

test('many at the same time do not mix up', async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      storage.run(i, async () => {
        await promisify(i % 2 ? zlib.gzip : zlib.deflateRaw)(plain.subarray(0, i * 30));
        return storage.getStore();
      }),
    ),
  );
  assert.deepEqual(results, [...Array(100).keys()]);
});
