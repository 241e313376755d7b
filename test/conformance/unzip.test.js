// Unzip finds out what it is given, however it comes in.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { collect, oneShot, through, written } = require('../support/drive');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(3000);
const gzipped = node.gzipSync(plain);
const deflated = node.deflateSync(plain);

test('gzip and zlib, in pieces of any size', async () => {
  for (const step of [1, 2, 3, 9, 10, 11, 100, 5000]) {
    for (const [name, bytes] of Object.entries({ gzipped, deflated })) {
      const output = await through(new zlib.Unzip(), bytes, step);
      assert.ok(output.equals(plain), `${name} in pieces of ${step}`);
    }
  }
});

test('each byte on its own, with its callback awaited', async () => {
  for (const bytes of [gzipped, deflated]) {
    const unzip = new zlib.Unzip();
    const output = collect(unzip);
    for (let i = 0; i < 40; i++) await written(unzip, bytes.subarray(i, i + 1));
    unzip.end(bytes.subarray(40));
    assert.ok((await output).equals(plain));
  }
});

test('an empty write first', async () => {
  for (const bytes of [gzipped, deflated]) {
    const unzip = new zlib.Unzip();
    unzip.write(Buffer.alloc(0));
    assert.ok((await through(unzip, bytes, 1)).equals(plain));
  }
});

test('several members, and what follows them', async () => {
  const garbage = Buffer.from('garbage');
  for (const bytes of [
    Buffer.concat([gzipped, gzipped]),
    Buffer.concat([gzipped, Buffer.alloc(20)]),
    Buffer.concat([gzipped, garbage]),
    Buffer.concat([deflated, deflated]),
    Buffer.concat([deflated, garbage]),
    Buffer.concat([gzipped, deflated]),
    Buffer.concat([deflated, gzipped]),
  ]) {
    assertSame((side) => side.unzipSync(bytes), 'sync');
    await assertSameAsync((side) => oneShot(side, 'unzip', bytes), 'callback');
    await assertSameAsync((side) => through(new side.Unzip(), bytes, 1), 'single bytes');
  }
});

test('what is neither', async () => {
  const cases = {
    nothing: [],
    'first byte of gzip': [0x1f],
    'magic only': [0x1f, 0x8b],
    'half the magic, then zlib': [0x1f, ...deflated],
    'half the magic twice': [0x1f, 0x1f],
    'magic, wrong method': [0x1f, 0x8b, 0x07],
    'first byte of zlib': [0x78],
    'zlib with a wrong check': [0x78, 0x9d, 1, 2, 3],
    text: [...Buffer.from('neither of them')],
    'raw deflate': [...node.deflateRawSync(plain)],
  };
  for (const [name, list] of Object.entries(cases)) {
    const bytes = Buffer.from(list);
    assertSame((side) => side.unzipSync(bytes), `${name}, sync`);
    await assertSameAsync((side) => oneShot(side, 'unzip', bytes), `${name}, callback`);
    await assertSameAsync((side) => through(new side.Unzip(), bytes, 1), `${name}, single bytes`);
    await assertSameAsync((side) => through(new side.Unzip(), bytes), `${name}, one write`);
    const options = { finishFlush: 2 };
    assertSame((side) => side.unzipSync(bytes, options), `${name}, finishFlush`);
  }
});
