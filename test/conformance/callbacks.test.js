// The callbacks of the one-shot functions: `this`, arguments, return values, and what is thrown in
// them.

const assert = require('node:assert/strict');
const { promisify } = require('node:util');
const { runScene } = require('../support/child');
const { text } = require('../support/data');
const { METHODS } = require('../support/formats');
const { assertEqualTo, assertSame, assertSameAsync } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(3000);
const PACKED = {
  inflate: node.deflateSync(plain),
  gunzip: node.gzipSync(plain),
  unzip: node.gzipSync(plain),
  inflateRaw: node.deflateRawSync(plain),
};
const bad = Buffer.alloc(50, 0xff);

/** `this` and the arguments that the callback gets. */
function called(side, method, data, options) {
  return new Promise((resolve) => {
    side[method](data, options, function callback(...args) {
      const engine = this?.constructor === side[this?.constructor?.name];
      const kinds = args.map((arg) => arg?.code ?? (Buffer.isBuffer(arg) ? 'Buffer' : arg));
      resolve({ engine, name: this?.constructor?.name, kinds, closed: this?._closed });
    });
  });
}

for (const method of METHODS) {
  const data = PACKED[method] ?? plain;

  test(`${method}: this and arguments`, async () => {
    await assertSameAsync((side) => called(side, method, data, {}), 'success');
    await assertSameAsync((side) => called(side, method, data, { maxOutputLength: 2 }), 'large');
    if (data !== plain) await assertSameAsync((side) => called(side, method, bad, {}), 'bad data');
  });

  test(`${method}: never called before the function returns, which returns nothing`, async () => {
    for (const input of [data, Buffer.alloc(0), bad]) {
      const before = await new Promise((resolve) => {
        let returned = false;
        const value = zlib[method](input, () => resolve(returned));
        assert.equal(value, undefined);
        returned = true;
      });
      assert.equal(before, true);
    }
  });

  test(`${method}: options may be missing, null, undefined or the callback`, async () => {
    const results = [undefined, null].map((options) => promisify(zlib[method])(data, options));
    results.push(new Promise((resolve) => zlib[method](data, (_, output) => resolve(output))));
    // A function in the place of the options is the callback, whatever comes after it.
    results.push(
      new Promise((resolve, reject) => {
        zlib[method](data, (_, output) => resolve(output), reject);
      }),
    );
    const expected = zlib[`${method}Sync`](data);
    for (const result of results) assert.deepEqual(await result, expected);
  });

  test(`${method}: promisify`, async () => {
    assertSame((side) => {
      const fn = promisify(side[method]);
      return [fn.name, fn.length, promisify.custom in side[method]];
    }, method);
    await assertSameAsync((side) => promisify(side[method])(bad, { maxOutputLength: 9 }), 'error');
    assert.deepEqual(await promisify(zlib[method])(data), zlib[`${method}Sync`](data));
  });
}

test('the methods of a stream return what Node’s do', () => {
  const kind = (value) => (value === undefined ? 'nothing' : typeof value);
  assertSame((side) => {
    const stream = new side.Gzip();
    const values = [
      stream.write('a'),
      kind(stream.flush()),
      kind(stream.flush(2, () => {})),
      kind(stream.params(stream._level, stream._strategy, () => {})),
      kind(stream.reset()),
      stream.end('b') === stream,
      kind(stream.close()),
      stream.destroy() === stream,
    ];
    return values;
  }, 'Gzip');
});

// What is thrown in a callback or a listener is uncaught; the process may go on, and other streams.
function throwing(zlib, { place, packed, broken }) {
  const seen = [];
  process.on('uncaughtException', (error) => seen.push(`uncaught ${error.message}`));
  const fail = (label) => () => {
    seen.push(label);
    throw new Error(label);
  };
  const good = Buffer.from(packed, 'base64');
  const wrong = Buffer.from(broken, 'base64');
  const watched = (stream) => {
    stream.on('error', (error) => seen.push(`error ${error.code}`));
    return stream.resume();
  };
  const places = {
    'a callback': () => zlib.gzip('abc', fail('gzip')),
    'a callback with an error': () => zlib.gunzip(wrong, fail('gunzip')),
    'a callback with too large output': () =>
      zlib.gunzip(good, { maxOutputLength: 9, chunkSize: 64 }, fail('gunzip')),
    'an error listener': () => new zlib.Gunzip().on('error', fail('error')).end(wrong),
    'an end listener': () => watched(new zlib.Gunzip()).on('end', fail('end')).end(good),
    'a close listener': () => watched(new zlib.Gunzip()).on('close', fail('close')).end(good),
    'the first data listener': () => {
      const stream = new zlib.Gunzip({ chunkSize: 64 });
      stream.once('data', fail('data'));
      stream.end(good);
      stream.resume();
    },
  };
  places[place]();
  // Another stream is not disturbed.
  let another = 'not called';
  zlib.gzip('another', (error) => {
    another = error;
  });
  process.on('exit', () => console.log(JSON.stringify({ seen, another })));
}

const PLACES = ['a callback', 'a callback with an error', 'a callback with too large output'];
PLACES.push('an error listener', 'an end listener', 'a close listener', 'the first data listener');

test('an exception in a callback or a listener is uncaught, once', async () => {
  const packed = PACKED.gunzip.toString('base64');
  const broken = bad.toString('base64');
  await Promise.all(
    PLACES.map(async (place) => {
      const argument = { place, packed, broken };
      const actual = await runScene(throwing, argument);
      const expected = await runScene(throwing, argument, { zlib: 'node:zlib' });
      assertEqualTo(
        [actual.code, String(actual.stdout), actual.stderr],
        [expected.code, String(expected.stdout), expected.stderr],
        place,
      );
    }),
  );
});
