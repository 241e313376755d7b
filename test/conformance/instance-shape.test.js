// What a stream looks like to those who look inside: keys, flags, JSON, util.inspect, and the ways
// of making one.

const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { CLASSES } = require('../support/formats');
const { assertEqualTo, assertSame, assertSameAsync } = require('../support/same');
const { zlib, node, isNode } = require('../support/subject');
const { test } = require('../support/bounded');

// README, "Differences": made when somebody asks for it, so it is on the prototype until then.
const LAZY = isNode ? [] : ['_outBuffer'];

/** `look(stream)` of a new stream, which is destroyed afterwards. */
function looked(side, name, look, options) {
  const stream = new side[name](options);
  try {
    return look(stream);
  } finally {
    stream.destroy();
  }
}

for (const name of CLASSES) {
  test(`${name}: own keys, in order`, () => {
    const keys = (stream) =>
      Reflect.ownKeys(stream)
        .map(String)
        .filter((key) => !LAZY.includes(key));
    for (const options of [undefined, { chunkSize: 100, encoding: 'utf8' }]) {
      assertSame((side) => looked(side, name, keys, options), name);
    }
  });

  test(`${name}: _info of options that are none`, () => {
    for (const options of [undefined, null, 0, '', false, Number.NaN, {}, { info: null }, 'abc']) {
      assertSame((side) => looked(side, name, ({ _info }) => _info, options), inspect(options));
    }
  });

  test(`${name}: keys that for-in finds, inherited ones too`, () => {
    const all = (stream) => {
      const names = [];
      for (const key in stream) names.push(key);
      return names.sort();
    };
    assertSame((side) => looked(side, name, all), name);
  });

  test(`${name}: flags and types of own properties`, () => {
    const flags = (stream) =>
      Reflect.ownKeys(stream)
        .filter((key) => !LAZY.includes(key))
        .map((key) => [key, Object.getOwnPropertyDescriptor(stream, key)])
        .map(([key, { value, writable, enumerable, configurable }]) =>
          [String(key), typeof value, writable, enumerable, configurable].join(' '),
        );
    assertSame((side) => looked(side, name, flags), name);
  });

  test(`${name}: values of the underscored fields`, () => {
    const fields = (stream) =>
      [
        ...['_closed', '_info', '_level', '_strategy', '_chunkSize', '_defaultFlushFlag'],
        ...['_finishFlushFlag', '_defaultFullFlushFlag', '_maxOutputLength', '_outOffset'],
        ...['bytesWritten', '_rejectGarbageAfterEnd', '_mode', '_flushBoundIdx'],
      ].map((key) => [key, stream[key]]);
    for (const options of [undefined, { level: 3, chunkSize: 99, info: 1, flush: 2 }]) {
      assertSame((side) => looked(side, name, fields, options), name);
    }
    const sizes = (stream) => [stream._outBuffer.length, stream._writeState.length];
    assertSame((side) => looked(side, name, sizes, { chunkSize: 99 }), name);
  });

  test(`${name}: JSON and console.log of a stream work`, () => {
    const json = (stream) => Object.keys(JSON.parse(JSON.stringify(stream))).includes('_handle');
    assertSame((side) => looked(side, name, json), 'JSON');
    const lines = (stream) =>
      inspect(stream, { depth: 0, compact: false })
        .split('\n')
        .filter((line) => !/^ +_(outBuffer|handle):/.test(line));
    assertSame((side) => looked(side, name, lines), 'inspect');
    for (const depth of [0, 2, 5]) {
      const shown = looked(zlib, name, (stream) => inspect(stream, { depth }));
      assert.ok(shown.includes(`${name} {`) && shown.includes('bytesWritten: 0'), `depth ${depth}`);
      assert.ok(shown.length < 20_000, `depth ${depth}: ${shown.length} characters`);
    }
  });

  test(`${name}: Reflect.construct, and create${name} with new`, () => {
    assertSame((side) => {
      class Own extends side[name] {}
      const made = [
        Reflect.construct(side[name], [{ chunkSize: 77 }], Own),
        Reflect.construct(side[name], [{ chunkSize: 77 }]),
        new side[`create${name}`]({ chunkSize: 77 }),
        side[`create${name}`].call(null, { chunkSize: 77 }),
        side[name].call(null, { chunkSize: 77 }),
        side[name].call({}, { chunkSize: 77 }),
      ];
      return made.map((stream) => {
        stream.destroy();
        return [stream instanceof side[name], stream instanceof Own, stream._chunkSize];
      });
    }, name);
  });

  test(`${name}: own names of the class and of create${name}`, () => {
    for (const key of [name, `create${name}`]) {
      assertSame((side) => {
        const descriptors = Object.getOwnPropertyDescriptors(side[key]);
        return Object.entries(descriptors)
          .map(([own, { writable, enumerable, configurable }]) =>
            [own, writable, enumerable, configurable].join(' '),
          )
          .sort();
      }, key);
    }
  });
}

test('the functions can or cannot be constructed as Node’s', () => {
  for (const key of Object.keys(node)) {
    if (typeof node[key] !== 'function') continue;
    assert.equal(Object.hasOwn(zlib[key], 'prototype'), Object.hasOwn(node[key], 'prototype'), key);
  }
});

/** What a stream that failed keeps under symbols, and of its own state. */
function remains(stream) {
  const symbols = Object.getOwnPropertySymbols(stream).map((key) => [
    String(key),
    stream[key]?.code ?? stream[key],
  ]);
  const { errored, destroyed, _closed, bytesWritten } = stream;
  return [errored?.code, destroyed, _closed, bytesWritten, symbols];
}

test('what is left in a stream after an error', async () => {
  const junk = Buffer.concat([node.deflateSync('abc'), Buffer.from('junk')]);
  for (const [name, input] of [
    ['Gunzip', Buffer.from('abc')],
    ['Inflate', junk],
    ['Gunzip', node.gzipSync('abc').subarray(0, 20)],
    ['Gzip', null],
  ]) {
    await assertSameAsync(async (side) => {
      const stream = new side[name]({ rejectGarbageAfterEnd: true });
      const closed = new Promise((resolve) => stream.on('error', () => {}).once('close', resolve));
      if (input) stream.resume().end(input);
      else stream.destroy(new Error('not of zlib'));
      await closed;
      return remains(stream);
    }, name);
  }
});

test('after its end a stream is in Node’s state', async () => {
  for (const name of ['Gzip', 'Deflate', 'DeflateRaw']) {
    const state = async (side) => {
      const stream = new side[name]();
      stream.resume();
      stream.end('abc');
      await new Promise((resolve) => stream.once('close', resolve));
      return [
        ...['closed', 'destroyed', 'errored', 'readableEnded', 'writableFinished', '_handle'],
        ...['_closed', 'readable', 'writable', 'bytesWritten', 'readableLength', 'writableLength'],
        ...['writableNeedDrain', 'readableFlowing', 'readableAborted', 'readableDidRead'],
      ].map((key) => [key, stream[key]]);
    };
    assertEqualTo(await state(zlib), await state(node), name);
  }
});
