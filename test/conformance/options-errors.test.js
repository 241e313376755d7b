// Every option with values of every wrong type and range: thrown by the constructors, the create
// functions and the one-shot functions.

const { CLASSES, METHODS } = require('../support/formats');
const { assertSame } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const NUMBERS = [
  ...[-Infinity, -(2 ** 53), -100, -7, -2, -1, -0.5, -0, 0, 0.5, 1, 1.5, 2, 4, 5, 6, 7, 7.99, 8],
  ...[9, 9.5, 10, 15, 15.1, 16, 31, 63, 63.9, 64, 64.5, 100, 1024.5, 65536, 2 ** 31, 2 ** 32],
  ...[2 ** 53, 1e300, Infinity, Number.NaN],
];
const OTHERS = [
  ...[undefined, null, true, false, '', '5', '64', 'bad', 5n, Symbol('s'), {}, [], [9], () => 9],
  ...[{ valueOf: () => 9 }, new Date(0)],
];
// chunkSize is allocated: what is valid but huge is left out.
const HUGE = 2 ** 26;

const OPTIONS = [
  'chunkSize',
  'flush',
  'finishFlush',
  'maxOutputLength',
  'windowBits',
  'level',
  'memLevel',
  'strategy',
  'info',
  'rejectGarbageAfterEnd',
];

const show = (value) => `${typeof value} ${typeof value === 'symbol' ? 's' : String(value)}`;

function* values(option) {
  for (const value of [...NUMBERS, ...OTHERS]) {
    if (option === 'chunkSize' && Number.isFinite(value) && value > HUGE) continue;
    yield value;
  }
}

/** What became of the options, in the fields that programs are known to look at. */
function constructed(stream) {
  const { _level, _strategy, _chunkSize } = stream;
  stream.destroy();
  return { _level, _strategy, _chunkSize };
}

for (const name of CLASSES) {
  for (const option of OPTIONS) {
    test(`new ${name}({ ${option} })`, () => {
      for (const value of values(option)) {
        assertSame((side) => constructed(new side[name]({ [option]: value })), show(value));
      }
    });
  }

  test(`new ${name}({ dictionary })`, () => {
    for (const value of [...NUMBERS, ...OTHERS]) {
      assertSame((side) => {
        new side[name]({ dictionary: value }).destroy();
      }, show(value));
    }
  });
}

test('create functions and calls without new check options too', () => {
  for (const name of CLASSES) {
    for (const options of [{ level: 10 }, { chunkSize: 63 }, { windowBits: 'x' }]) {
      const label = `${name} ${JSON.stringify(options)}`;
      assertSame((side) => constructed(side[`create${name}`](options)), label);
    }
  }
});

test('the one-shot functions throw at once', () => {
  const wrong = [{ level: 99 }, { memLevel: 0 }, { finishFlush: 6 }, { maxOutputLength: 0 }];
  for (const method of METHODS) {
    for (const options of wrong) {
      const label = `${method} ${JSON.stringify(options)}`;
      assertSame((side) => side[method](Buffer.alloc(1), options, () => {}), label);
      assertSame((side) => side[`${method}Sync`](Buffer.alloc(1), options), label);
    }
  }
});

test('the first of several wrong options is the one complained about', () => {
  const wrong = {
    windowBits: 99,
    level: 99,
    memLevel: 99,
    strategy: 99,
    dictionary: 9,
    chunkSize: 1,
    flush: 9,
    finishFlush: 9,
    maxOutputLength: 0,
  };
  for (const name of CLASSES) {
    const left = { ...wrong };
    for (let i = Object.keys(wrong).length; i > 0; i--) {
      const { message } = assertSame((side) => constructed(new side[name](left)), name);
      const [, named] = /options\.(\w+)/.exec(message);
      delete left[named];
    }
  }
});

test('options that are no object', () => {
  const values = [undefined, null, false, true, 0, 1, '', 'text', Symbol('s'), [], () => {}];
  for (const name of CLASSES) {
    for (const value of values) {
      assertSame((side) => constructed(new side[name](value)), `${name} ${show(value)}`);
    }
  }
  for (const value of values) {
    if (typeof value === 'function') continue;
    const label = `gzipSync ${show(value)}`;
    assertSame((side) => node.gunzipSync(side.gzipSync('x', value)), label);
  }
});

test('options are read with their prototypes and getters, and are not changed', () => {
  class Options {
    get level() {
      return 12;
    }
  }
  assertSame((side) => constructed(new side.Gzip(new Options())), 'getter');
  assertSame((side) => constructed(new side.Gzip(Object.create({ memLevel: 12 }))), 'inherited');
  for (const name of CLASSES) {
    // Node changes windowBits 8 to 9 for raw deflate, in the caller's own object.
    assertSame((side) => {
      const options = { windowBits: 8, encoding: 'utf8', objectMode: true };
      try {
        new side[name](options).destroy();
      } catch {}
      return options;
    }, name);
    const frozen = Object.freeze({ level: 3, objectMode: true, encoding: 'hex' });
    assertSame((side) => constructed(new side[name](frozen)), `${name}, frozen`);
  }
});
