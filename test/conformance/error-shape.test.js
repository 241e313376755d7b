// Errors as they are printed, compared and logged: own names, flags, first line of the stack.

const { inspect } = require('node:util');
const { assertSame, assertSameAsync } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const packed = node.gzipSync('a'.repeat(50));
const junk = Buffer.concat([packed, Buffer.from('x')]);
const dictionary = Buffer.from('abc');

const SCENES = {
  'wrong level': (side) => new side.Gzip({ level: 99 }),
  'level of a wrong type': (side) => new side.Gzip({ level: '9' }),
  'small chunkSize': (side) => new side.Gzip({ chunkSize: 1 }),
  'wrong dictionary': (side) => new side.Gzip({ dictionary: 3 }),
  'wrong maxOutputLength': (side) => new side.Gzip({ maxOutputLength: -3 }),
  'wrong rejectGarbageAfterEnd': (side) => new side.Gzip({ rejectGarbageAfterEnd: 3 }),
  'wrong data, sync': (side) => side.gzipSync(3),
  'wrong data, callback': (side) => side.gzip(3, () => {}),
  'no callback': (side) => side.gzip('x'),
  'no callback after options': (side) => side.gzip('x', {}),
  'output too large': (side) => side.gunzipSync(packed, { maxOutputLength: 2 }),
  'trailing junk': (side) => side.gunzipSync(junk, { rejectGarbageAfterEnd: true }),
  'wrong flush kind': (side) => new side.Gzip().flush(9),
  'wrong params': (side) => new side.Gzip().params(99, 0),
  'reset after close': (side) => {
    const stream = new side.Gzip();
    stream.close();
    stream.reset();
  },
  'write of a number': (side) => new side.Gzip().write(3),
  'write of null': (side) => new side.Gzip().write(null),
  'not gzip': (side) => side.gunzipSync('abcd'),
  'early end': (side) => side.gunzipSync(packed.subarray(0, 15)),
  nothing: (side) => side.inflateSync(''),
  'missing dictionary': (side) => side.inflateSync(node.deflateSync('a', { dictionary })),
  'crc32 of a number': (side) => side.crc32?.(3),
  'crc32 with a wrong value': (side) => side.crc32?.('a', 'b'),
};

/** What is on its prototypes. */
function chain(error) {
  const own = [];
  for (let p = Object.getPrototypeOf(error); p; p = Object.getPrototypeOf(p)) {
    own.push(Reflect.ownKeys(p).map(String));
  }
  return own;
}

/** Everything about an error but the frames of its stack. */
function shape(error) {
  const { stack, ...descriptors } = Object.getOwnPropertyDescriptors(error);
  const flags = Object.entries(descriptors)
    .map(([key, { value, writable, enumerable, configurable }]) =>
      [key, value, writable, enumerable, configurable].join(' '),
    )
    .sort();
  const shown = inspect(error);
  return {
    flags,
    hasStack: Boolean(stack),
    first: error.stack.split('\n')[0],
    shown: [shown.split('\n')[0], /\{[^{}]*\}$/.exec(shown)?.[0]],
    string: String(error),
    json: JSON.stringify(error),
    tag: Object.prototype.toString.call(error),
    names: [error.name, error.constructor.name],
    isError: error instanceof Error,
    isOf: [Error, RangeError, TypeError].filter((Class) => error.constructor === Class),
    chain: chain(error),
    accessors: Object.keys(descriptors).filter((key) => descriptors[key].get),
    stackFlags: [Boolean(stack?.get), stack?.writable, stack?.enumerable, stack?.configurable],
    clone: inspect(structuredClone(error)).split('\n')[0],
  };
}

for (const [title, scene] of Object.entries(SCENES)) {
  test(`${title}`, () => {
    assertSame((side) => {
      try {
        scene(side);
      } catch (error) {
        return shape(error);
      }
      return 'nothing thrown';
    }, title);
  });
}

const LATE = {
  'not gzip': (side, done) => side.gunzip('abcd', done),
  'early end': (side, done) => side.gunzip(packed.subarray(0, 15), done),
  'output too large': (side, done) => side.gunzip(packed, { maxOutputLength: 2 }, done),
  'trailing junk': (side, done) => side.gunzip(junk, { rejectGarbageAfterEnd: true }, done),
  'missing dictionary': (side, done) => side.inflate(node.deflateSync('a', { dictionary }), done),
  'of a stream': (side, done) => new side.Gunzip().on('error', done).end('abcd'),
  'of a stream, second write': (side, done) => {
    const stream = new side.Gunzip().on('error', done);
    stream.write(packed, () => stream.write('zz'));
  },
  'data after the finish flush': (side, done) => {
    const stream = new side.Gzip({ flush: 4 }).on('error', done);
    stream.write('one', () => stream.write('two'));
  },
};

for (const [title, scene] of Object.entries(LATE)) {
  test(`${title}: the error that comes later`, () =>
    assertSameAsync(async (side) => {
      const error = await new Promise((resolve) => {
        scene(side, resolve);
      });
      return error ? shape(error) : 'no error';
    }, title));
}
