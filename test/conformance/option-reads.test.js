// How often, and in what order, options are read: getters and proxies can tell.

const { CLASSES, FORMATS } = require('../support/formats');
const { assertSame } = require('../support/same');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

/** README: the one option more. */
const ours = (read) => read !== 'warpdrive';

/** A proxy of `options` that notes in `reads` what is asked of it. */
function watched(options, reads) {
  const note = (what) => {
    if (ours(what)) reads.push(what);
  };
  return new Proxy(options, {
    get: (target, key) => {
      note(String(key));
      return target[key];
    },
    has: (target, key) => {
      note(`has ${String(key)}`);
      return key in target;
    },
    ownKeys: (target) => {
      note('keys');
      return Reflect.ownKeys(target);
    },
    set: (target, key, value) => {
      note(`set ${String(key)}`);
      target[key] = value;
      return true;
    },
  });
}

const SETS = [
  {},
  { windowBits: 0 },
  { windowBits: 8 },
  { windowBits: 12, level: 3, memLevel: 4, strategy: 1, chunkSize: 100, info: true },
  { flush: 2, finishFlush: 2, maxOutputLength: 1000, dictionary: Buffer.from('a') },
  { encoding: 'utf8', level: 2 },
  { objectMode: true, info: true },
  { writableObjectMode: true, highWaterMark: 3 },
  { rejectGarbageAfterEnd: true },
  { rejectGarbageAfterEnd: 'no' },
  { rejectGarbageAfterEnd: true, encoding: 'utf8' },
  { level: 99 },
  { dictionary: 3, level: 1 },
  { chunkSize: 1 },
  { windowBits: 99 },
];

for (const name of CLASSES) {
  test(`${name}: reads as node:zlib does`, () => {
    for (const options of SETS) {
      assertSame((side) => {
        const reads = [];
        try {
          new side[name](watched({ ...options }, reads)).destroy();
        } catch (error) {
          reads.push(error.code);
        }
        return reads;
      }, JSON.stringify(options));
    }
  });
}

for (const { name, compress, decompress } of FORMATS) {
  test(`${name}: the functions read as node:zlib’s`, () => {
    const packed = node[`${compress}Sync`]('abc');
    for (const options of SETS) {
      for (const [method, input] of [
        [compress, 'abc'],
        [decompress, packed],
      ]) {
        assertSame(
          (side) => {
            const reads = [];
            try {
              side[`${method}Sync`](input, watched({ ...options }, reads));
            } catch (error) {
              reads.push(error.code);
            }
            reads.push('callback');
            try {
              side[method](input, watched({ ...options }, reads), () => {});
            } catch (error) {
              reads.push(error.code);
            }
            return reads;
          },
          `${method} ${JSON.stringify(options)}`,
        );
      }
    }
  });
}
