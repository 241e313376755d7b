// Preset dictionaries: zlib finds out by itself, raw deflate on both sides, gzip ignores them.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { oneShot, through } = require('../support/drive');
const { LEVELS } = require('../support/formats');
const { inputsOf } = require('../support/inputs');
const { assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const dictionary = text(4096, 7);
const plain = Buffer.concat([dictionary.subarray(500, 2500), text(3000), dictionary]);
const other = text(4096, 8);

test('deflate: both sides read the other, at every level', async () => {
  for (const level of LEVELS) {
    const options = { dictionary, level };
    const ours = zlib.deflateSync(plain, options);
    assert.ok(node.inflateSync(ours, { dictionary }).equals(plain));
    assert.ok(zlib.inflateSync(node.deflateSync(plain, options), { dictionary }).equals(plain));
    assert.ok((await oneShot(zlib, 'inflate', ours, { dictionary })).equals(plain));
    const streamed = await through(new zlib.Deflate(options), plain, 777);
    assert.ok((await through(new zlib.Inflate({ dictionary }), streamed, 13)).equals(plain));
    // FDICT and DICTID (RFC 1950 §2.2) say which dictionary it takes.
    assert.deepEqual(ours.subarray(0, 6), node.deflateSync(plain, options).subarray(0, 6));
  }
});

test('raw: both sides read the other, at every level', async () => {
  for (const level of LEVELS) {
    const options = { dictionary, level };
    const ours = zlib.deflateRawSync(plain, options);
    assert.ok(node.inflateRawSync(ours, { dictionary }).equals(plain));
    assert.ok(
      zlib.inflateRawSync(node.deflateRawSync(plain, options), { dictionary }).equals(plain),
    );
    const streamed = await through(new zlib.DeflateRaw(options), plain, 777);
    assert.ok((await through(new zlib.InflateRaw({ dictionary }), streamed, 13)).equals(plain));
  }
});

test('it is used', () => {
  const data = dictionary.subarray(1000, 3000);
  for (const method of ['deflateSync', 'deflateRawSync']) {
    const without = zlib[method](data).length;
    assert.ok(zlib[method](data, { dictionary }).length < without / 4, method);
  }
});

test('it goes on being used after the first block', async () => {
  const long = Buffer.concat([text(2_200_000, 3), dictionary]);
  for (const [Compressor, inflate] of [
    ['Deflate', 'inflateSync'],
    ['DeflateRaw', 'inflateRawSync'],
  ]) {
    const bytes = await through(new zlib[Compressor]({ dictionary }), long, 60_000);
    assert.ok(node[inflate](bytes, { dictionary }).equals(long));
  }
});

test('gzip ignores it', () => {
  assert.ok(node.gunzipSync(zlib.gzipSync(plain, { dictionary })).equals(plain));
  const packed = node.gzipSync(plain);
  assert.ok(zlib.gunzipSync(packed, { dictionary }).equals(plain));
  assert.deepEqual(zlib.gzipSync(plain, { dictionary }), zlib.gzipSync(plain));
});

test('unzip uses it for zlib', () => {
  const packed = node.deflateSync(plain, { dictionary });
  assertSame((side) => side.unzipSync(packed, { dictionary }), 'with');
  assertSame((side) => side.unzipSync(packed), 'without');
  assertSame((side) => side.unzipSync(node.gzipSync(plain), { dictionary }), 'gzip');
});

test('missing, wrong and needless dictionaries', async () => {
  const packed = {
    inflate: node.deflateSync(plain, { dictionary }),
    inflateRaw: node.deflateRawSync(plain, { dictionary }),
  };
  for (const [method, bytes] of Object.entries(packed)) {
    for (const [name, options] of Object.entries({
      missing: {},
      wrong: { dictionary: other },
      shorter: { dictionary: dictionary.subarray(1) },
      empty: { dictionary: Buffer.alloc(0) },
    })) {
      const label = `${method}, ${name}`;
      assertSame((side) => side[`${method}Sync`](bytes, options), label);
      await assertSameAsync((side) => oneShot(side, method, bytes, options), label);
      const Class = `I${method.slice(1)}`;
      await assertSameAsync((side) => through(new side[Class](options), bytes, 10), label);
    }
  }
  for (const method of ['inflate', 'inflateRaw']) {
    const bytes = node[`${method.replace('in', 'de')}Sync`](plain);
    assertSame((side) => side[`${method}Sync`](bytes, { dictionary }), `${method}, needless`);
  }
});

test('errors have node’s words', () => {
  const bytes = node.deflateSync(plain, { dictionary });
  const missing = { code: 'Z_NEED_DICT', errno: 2, message: 'Missing dictionary' };
  assert.throws(() => zlib.inflateSync(bytes), missing);
  const bad = { code: 'Z_NEED_DICT', errno: 2, message: 'Bad dictionary' };
  assert.throws(() => zlib.inflateSync(bytes, { dictionary: other }), bad);
});

test('dictionaries of every type, and of every length', () => {
  for (const [type, value] of Object.entries(inputsOf(dictionary))) {
    assertSame(
      (side) => node.inflateSync(side.deflateSync(plain, { dictionary: value }), { dictionary }),
      type,
    );
    const packed = node.deflateRawSync(plain, { dictionary });
    assertSame((side) => side.inflateRawSync(packed, { dictionary: value }), type);
  }
  const large = text(70_000, 9);
  for (const length of [0, 1, 2, 3, 258, 32505, 32506, 32507, 32767, 32768, 32769, 65536, 70_000]) {
    const options = { dictionary: large.subarray(0, length) };
    for (const [pack, unpack] of [
      ['deflateSync', 'inflateSync'],
      ['deflateRawSync', 'inflateRawSync'],
    ]) {
      const label = `${pack}, ${length} bytes`;
      assert.ok(node[unpack](zlib[pack](plain, options), options).equals(plain), label);
      assert.ok(zlib[unpack](node[pack](plain, options), options).equals(plain), label);
    }
  }
});

test('small windows', () => {
  for (const windowBits of [9, 10, 12, 15]) {
    const options = { windowBits, dictionary };
    const ours = zlib.deflateSync(plain, options);
    assert.ok(node.inflateSync(ours, options).equals(plain));
    const raw = zlib.deflateRawSync(plain, options);
    assert.ok(node.inflateRawSync(raw, options).equals(plain));
  }
});

test('a dictionary changed after construction does not matter', async () => {
  const changing = Buffer.from(dictionary);
  const deflate = new zlib.Deflate({ dictionary: changing });
  changing.fill(0);
  const bytes = await through(deflate, plain, 1000);
  assert.ok(node.inflateSync(bytes, { dictionary }).equals(plain));
  const inflateDictionary = Buffer.from(dictionary);
  const inflate = new zlib.Inflate({ dictionary: inflateDictionary });
  inflateDictionary.fill(0);
  assert.ok((await through(inflate, bytes, 1000)).equals(plain));
});

test('after reset() it is there again', async () => {
  for (const [Compressor, unpack] of [
    ['Deflate', 'inflateSync'],
    ['DeflateRaw', 'inflateRawSync'],
  ]) {
    const once = zlib[`${Compressor.replace('D', 'd')}Sync`](plain, { dictionary });
    const stream = new zlib[Compressor]({ dictionary });
    stream.reset();
    const output = await through(stream, plain);
    assert.ok(node[unpack](output, { dictionary }).equals(plain));
    assert.deepEqual(output, once);
  }
});
