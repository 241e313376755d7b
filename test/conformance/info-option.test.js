// info: true gives {buffer, engine}.

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const { text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(30_000);

function summary({ buffer, engine, ...rest }, Class) {
  return {
    rest,
    isBuffer: Buffer.isBuffer(buffer),
    isInstance: engine.constructor.name === Class,
    bytesWritten: engine.bytesWritten,
    closed: engine._closed,
    destroyed: engine.destroyed,
  };
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  const packed = node[`${compress}Sync`](plain);

  test(`${name}: sync`, () => {
    const result = zlib[`${compress}Sync`](plain, { info: true });
    assert.deepEqual(Object.keys(result), ['buffer', 'engine']);
    assert.ok(result.engine instanceof zlib[Compressor]);
    assert.ok(node[`${decompress}Sync`](result.buffer).equals(plain));
    const options = { info: true };
    assertSame((side) => summary(side[`${compress}Sync`](plain, options), Compressor), 'pack');
    assertSame(
      (side) => summary(side[`${decompress}Sync`](packed, options), Decompressor),
      'unpack',
    );
  });

  test(`${name}: callback and promise`, async () => {
    const options = { info: true };
    const result = await promisify(zlib[compress])(plain, options);
    assert.ok(result.engine instanceof zlib[Compressor]);
    assert.ok(node[`${decompress}Sync`](result.buffer).equals(plain));
    await assertSameAsync(
      async (side) => summary(await oneShot(side, compress, plain, options), Compressor),
      'pack',
    );
    await assertSameAsync(
      async (side) => summary(await oneShot(side, decompress, packed, options), Decompressor),
      'unpack',
    );
  });

  test(`${name}: how much of the input was used`, () => {
    const options = { info: true };
    const longer = Buffer.concat([packed, Buffer.alloc(100, 0xff)]);
    assertSame((side) => side[`${decompress}Sync`](longer, options).engine.bytesWritten, 'garbage');
  });
}

test('values that are true or false in a sense', () => {
  for (const info of [0, 1, '', 'yes', null, {}, Number.NaN]) {
    assertSame((side) => Object.keys(side.gzipSync('x', { info })).length === 2, String(info));
  }
});

test('the engine of a sync call can still be listened to and destroyed', async () => {
  await assertSameAsync(async (side) => {
    const { engine } = side.gunzipSync(node.gzipSync('x'), { info: true });
    const seen = [];
    engine.on('close', () => seen.push('close'));
    engine.on('error', (error) => seen.push(error.code));
    engine.close();
    await new Promise((resolve) => setImmediate(resolve));
    return seen;
  }, 'gunzip');
});

test('the engine of a stream at work has the listeners that node:zlib’s has', async () => {
  await assertSameAsync(async (side) => {
    const options = { info: true };
    const engines = [
      side.gzipSync('x', options).engine,
      (await promisify(side.gzip)('x', options)).engine,
      (await promisify(side.gunzip)(node.gzipSync('x'), options)).engine,
    ];
    return engines.map((engine) =>
      engine.eventNames().map((event) => [event, engine.listeners(event).map(({ name }) => name)]),
    );
  }, 'listeners');
});

test('what a callback is called on, and the engine, have the fields of node:zlib’s', async () => {
  const look = (stream) => {
    const { buffers, nread, cb, _info } = stream;
    const keys = Object.keys(stream).filter((key) => key !== '_outBuffer');
    return [keys, buffers && Buffer.concat(buffers), nread, typeof cb, _info];
  };
  const packed = [node.gzipSync('x'), node.gzipSync('')];
  for (const options of [{}, { info: true }, { level: 1 }, { chunkSize: 100 }, null]) {
    for (const input of packed) {
      await assertSameAsync(
        (side) =>
          new Promise((resolve) => {
            side.gunzip(input, options, function called(error, value) {
              resolve([error, look(this), value.engine === this]);
            });
          }),
        JSON.stringify(options),
      );
    }
  }
});
