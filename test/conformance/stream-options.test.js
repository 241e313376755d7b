// Options of streams in general, given to zlib streams.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { text } = require('../support/data');
const { collect, turns } = require('../support/drive');
const { Recorder } = require('../support/events');
const { CLASSES } = require('../support/formats');
const { assertSame, assertSameAsync, outcome } = require('../support/same');
const { node, notForNode, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(5000);

const WATERMARKS = [
  {},
  { highWaterMark: 1 },
  { highWaterMark: 100_000 },
  { readableHighWaterMark: 5, writableHighWaterMark: 7 },
  { readableHighWaterMark: 5 },
  { writableHighWaterMark: 7 },
  { highWaterMark: 0 },
  { highWaterMark: -1 },
  { highWaterMark: 'x' },
  { readableHighWaterMark: Number.NaN },
];

test('high water marks', () => {
  for (const Class of CLASSES) {
    for (const options of WATERMARKS) {
      assertSame(
        (side) => {
          const stream = new side[Class](options);
          const { readableHighWaterMark, writableHighWaterMark } = stream;
          stream.destroy();
          return [readableHighWaterMark, writableHighWaterMark];
        },
        `${Class} ${JSON.stringify(options)}`,
      );
    }
  }
});

test('objectMode and encoding are switched off, and data flows', async () => {
  const cases = [
    { objectMode: true },
    { writableObjectMode: true },
    { readableObjectMode: true },
    { encoding: 'utf8' },
    { objectMode: true, encoding: 'hex' },
    { encoding: 'utf8', readableObjectMode: true },
  ];
  for (const Class of CLASSES) {
    for (const options of cases) {
      assertSame(
        (side) => {
          const stream = new side[Class](options);
          const { readableObjectMode, writableObjectMode, readableEncoding } = stream;
          const wrong = outcome(() => stream.on('error', () => {}).write({ an: 'object' }));
          stream.destroy();
          return [readableObjectMode, writableObjectMode, readableEncoding, wrong];
        },
        `${Class} ${JSON.stringify(options)}`,
      );
    }
  }
  for (const options of cases) {
    const gzip = new zlib.Gzip(options);
    const output = collect(gzip);
    gzip.end(plain);
    assert.ok(node.gunzipSync(await output).equals(plain));
  }
});

const LIVES = {
  'emitClose: false': { emitClose: false },
  'autoDestroy: false': { autoDestroy: false },
  'allowHalfOpen: false': { allowHalfOpen: false },
};

for (const [name, options] of Object.entries(LIVES)) {
  test(name, async () => {
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side.Gzip(options));
      life.stream.end(plain);
      await new Promise((resolve) => life.stream.once('end', resolve));
      await turns(10);
      const { destroyed, _closed } = life.stream;
      life.stream.destroy();
      await turns(10);
      return [life.life(), destroyed, _closed, node.gunzipSync(life.output).equals(plain)];
    }, 'ordinary life');
    await assertSameAsync(async (side) => {
      const life = new Recorder(new side.Gunzip(options));
      life.stream.end(Buffer.from('no gzip at all'));
      await new Promise((resolve) => life.stream.once('error', resolve));
      await turns(10);
      return [life.life().filter((entry) => entry !== 'finish'), life.stream.destroyed];
    }, 'an error');
  });
}

test('construct, transform, flush and other functions in the options', async () => {
  // Node hands all options to Transform: functions in there replace the methods.
  const makers = {
    transform: (calls) => ({
      transform(chunk, _encoding, callback) {
        calls.push('transform');
        callback(null, chunk);
      },
    }),
    flush: () => ({ flush: 0 }),
    read: (calls) => ({
      read() {
        calls.push('read');
      },
    }),
    destroy: (calls) => ({
      destroy(error, callback) {
        calls.push('destroy');
        callback(error);
      },
    }),
  };
  for (const [name, make] of Object.entries(makers)) {
    assertSame((side) => {
      const calls = [];
      const stream = new side.Gzip(make(calls));
      const own = Object.keys(stream).filter((key) =>
        /^_(transform|flush|read|destroy)$/.test(key),
      );
      stream.destroy();
      return [own, calls];
    }, name);
  }
});

test('decodeStrings: false and defaultEncoding', async () => {
  await assertSameAsync(async (side) => {
    const gzip = new side.Gzip({ defaultEncoding: 'hex' });
    const output = collect(gzip);
    gzip.end('c0ffee');
    return node.gunzipSync(await output).toString('hex');
  }, 'defaultEncoding');
  await assertSameAsync(async (side) => {
    const gzip = new side.Gzip();
    gzip.setDefaultEncoding('latin1');
    const output = collect(gzip);
    gzip.end('ü');
    return node.gunzipSync(await output).toString('hex');
  }, 'setDefaultEncoding');
});

const aborts = notForNode('it aborts the process');
test('decodeStrings: false and a string: an error that says what to do', {
  skip: aborts,
}, async () => {
  for (const name of CLASSES) {
    const stream = new zlib[name]({ decodeStrings: false });
    const called = new Promise((resolve) => stream.write('some text', resolve));
    const [error] = await once(stream, 'error');
    assert.equal(error.name, 'TypeError');
    assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
    assert.match(error.message, /Received a string of 9 characters, "some text": make/);
    assert.equal(await called, error);
  }
});
