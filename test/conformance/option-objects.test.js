// Options objects of unusual kinds: frozen, inherited, proxies, throwing getters; and numbers that
// are no integers.

const { text } = require('../support/data');
const { oneShot } = require('../support/drive');
const { CLASSES, FORMATS } = require('../support/formats');
const { lived } = require('../support/lived');
const { assertSame, assertSameAsync, outcome } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(3000);
const OURS = ['windowBits', 'level', 'memLevel', 'strategy', 'dictionary', 'chunkSize', 'flush'];
OURS.push('finishFlush', 'maxOutputLength', 'info');
const THEIRS = ['highWaterMark', 'readableObjectMode', 'autoDestroy', 'emitClose', 'signal'];
THEIRS.push('defaultEncoding', 'decodeStrings', 'allowHalfOpen', 'read', 'write', 'final', 'flush');
const VALUES = [Symbol('s'), 10n, null, 'a', '', true, [], {}, [9], Number.NaN, -0];

const show = (value) => `${typeof value} ${String(value)}`;

/** What became of the options, Transform's included. */
function settled(side, name, options) {
  const stream = new side[name](options);
  stream.destroy();
  const { _level, _strategy, _chunkSize, _info, _maxOutputLength } = stream;
  const { readableHighWaterMark, writableHighWaterMark, readableObjectMode } = stream;
  const { writableObjectMode, readableEncoding, allowHalfOpen, _writableState: state } = stream;
  const { defaultEncoding, decodeStrings, emitClose, autoDestroy } = state;
  return [
    ...[_level, _strategy, _chunkSize, _info, _maxOutputLength, stream._defaultFlushFlag],
    ...[stream._finishFlushFlag, readableHighWaterMark, writableHighWaterMark],
    ...[readableObjectMode, writableObjectMode, readableEncoding, allowHalfOpen],
    ...[defaultEncoding, decodeStrings, emitClose, autoDestroy],
  ];
}

for (const name of CLASSES) {
  test(`${name}: what a getter throws comes through`, () => {
    for (const option of [...OURS, ...THEIRS]) {
      const throwing = {
        get [option]() {
          throw new Error(`getter of ${option}`);
        },
      };
      assertSame((side) => settled(side, name, throwing), option);
      if (OURS.includes(option)) {
        assertSame((side) => settled(side, name, Object.create(throwing)), `inherited ${option}`);
      }
    }
  });

  test(`${name}: frozen and inherited options, and those of a proxy`, () => {
    const options = { level: 3, chunkSize: 100, highWaterMark: 5, info: true, memLevel: 2 };
    const proxy = new Proxy({ ...options }, {});
    for (const given of [Object.freeze({ ...options }), Object.create(options), proxy]) {
      assertSame((side) => settled(side, name, given), name);
    }
  });

  test(`${name}: values of wrong types in Transform’s options`, () => {
    for (const option of ['highWaterMark', 'readableHighWaterMark', 'encoding', 'objectMode']) {
      for (const value of VALUES) {
        assertSame((side) => settled(side, name, { [option]: value }), `${option} ${show(value)}`);
      }
    }
    for (const option of ['defaultEncoding', 'decodeStrings', 'allowHalfOpen', 'signal']) {
      for (const value of VALUES) {
        assertSame((side) => settled(side, name, { [option]: value }), `${option} ${show(value)}`);
      }
    }
  });

  test(`${name}: windowBits, and what becomes of the object`, () => {
    const values = [8, '8', 8.5, 9, 0, -0, null, Number.NaN, 15, 16, 7, -15, 31, 47, false];
    for (const windowBits of [...values, undefined]) {
      const makers = [
        (object) => object,
        Object.freeze,
        Object.create,
        (object) => Object.defineProperty(object, 'windowBits', { value: 9 }),
      ];
      for (const [i, make] of makers.entries()) {
        assertSame(
          (side) => {
            const options = make({ windowBits });
            const call = outcome(() => settled(side, name, options));
            return [call, options.windowBits, Object.keys(options)];
          },
          `${show(windowBits)}, ${i}`,
        );
      }
    }
  });
}

const FRACTIONS = [
  ...[{ level: 1.5 }, { level: -0.5 }, { memLevel: 1.5 }, { memLevel: 8.9 }, { windowBits: 9.5 }],
  ...[{ windowBits: 14.9 }, { strategy: 0.5 }, { strategy: 2.9 }, { chunkSize: 64.5 }],
  ...[{ chunkSize: 100.9 }, { finishFlush: 3.5 }, { finishFlush: 2.5 }, { finishFlush: 4.5 }],
  ...[{ maxOutputLength: 5000.5 }, { maxOutputLength: 3000.5 }, { maxOutputLength: 2999.5 }],
  ...[{ maxOutputLength: 1.5 }, { flush: 1.5 }, { flush: 2.5 }],
];

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: numbers that are no integers`, async () => {
    const packed = node[`${compress}Sync`](plain);
    const read = (bytes) => node[`${decompress}Sync`](bytes, { finishFlush: 2 });
    for (const options of FRACTIONS) {
      const label = JSON.stringify(options);
      assertSame((side) => read(side[`${compress}Sync`](plain, options)), label);
      assertSame((side) => side[`${decompress}Sync`](packed, options), label);
      await assertSameAsync(
        async (side) => read(await oneShot(side, compress, plain, options)),
        label,
      );
      await assertSameAsync((side) => oneShot(side, decompress, packed, options), label);
      for (const [Class, bytes] of [
        [Compressor, plain],
        [Decompressor, packed],
      ]) {
        await assertSameAsync(async (side) => {
          const life = await lived(new side[Class](options), [bytes]);
          const output = Class === Compressor ? read(life.output) : life.output;
          return [life.events(['end', 'error', 'close']), output];
        }, `${Class} ${label}`);
      }
    }
  });
}

/** Calls `fn` while every object inherits `properties`. */
function inherited(properties, fn) {
  Object.assign(Object.prototype, properties);
  try {
    return fn();
  } finally {
    for (const key of Object.keys(properties)) delete Object.prototype[key];
  }
}

test('what Object.prototype holds is read where node:zlib reads it', () => {
  const packed = node.gzipSync(plain);
  const cases = [{ chunkSize: 64, maxOutputLength: 70 }, { level: 'x' }, { windowBits: 9 }];
  cases.push({ flush: 1.5 }, { info: true }, { dictionary: Buffer.from('a') });
  for (const properties of cases) {
    const label = JSON.stringify(properties);
    for (const options of [undefined, {}]) {
      for (const name of CLASSES) {
        assertSame((side) => inherited(properties, () => settled(side, name, options)), label);
      }
      assertSame((side) => {
        const result = inherited(properties, () => side.gunzipSync(packed, options));
        return [Object.keys(result).includes('engine'), result.buffer?.length ?? result];
      }, label);
      assertSame((side) => {
        const result = inherited(properties, () => side.gzipSync(plain, options));
        return Object.keys(result).includes('engine');
      }, label);
    }
  }
});

test('chunkSize and maxOutputLength of any size are taken as they are', () => {
  for (const size of [2 ** 26, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 52, 2 ** 53]) {
    for (const name of ['Gzip', 'Gunzip']) {
      assertSame((side) => settled(side, name, { maxOutputLength: size }), `${name} ${size}`);
    }
  }
});
