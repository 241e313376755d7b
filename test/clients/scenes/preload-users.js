// What programs do with the exports of zlib besides calling them: hold them, wrap them, replace
// them, inherit from them.

const { AsyncLocalStorage } = require('node:async_hooks');
const { mock } = require('node:test');
const { promisify, inherits } = require('node:util');
const { syncBuiltinESMExports } = require('node:module');
const zlib = require('node:zlib');
const { text } = require('../../support/data');
const { collect, oneShot, through } = require('../../support/drive');
const { CLASSES, COMPRESSORS, FORMATS } = require('../../support/formats');

const plain = text(100_000);
const rename = (options) => ({ ...options, level: 1 });

/** What can be seen of the exports without calling them. */
function shape() {
  const results = {};
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(zlib))) {
    if (name === 'warpdrive') continue;
    const { value, writable, enumerable, configurable } = descriptor;
    const told = [typeof value, value?.name, value?.length, writable, enumerable, configurable];
    results[name] = told;
  }
  for (const name of CLASSES) {
    const own = Object.hasOwn(zlib[name].prototype, 'constructor');
    const base = Object.getPrototypeOf(zlib[name]);
    results[`chain of ${name}`] = [
      own && zlib[name].prototype.constructor === zlib[name],
      base.name,
      base === Object.getPrototypeOf(zlib.Gzip),
    ];
    results[`keys of ${name}.prototype`] = Object.getOwnPropertyNames(zlib[name].prototype).sort();
  }
  const inherited = [];
  for (const key in zlib) inherited.push(key);
  return { ...results, keys: Object.keys(zlib), inherited };
}

/** Functions that were taken off the object. */
async function held() {
  const results = {};
  for (const { compress, decompress, Compressor } of FORMATS) {
    const {
      [compress]: pack,
      [`${compress}Sync`]: packSync,
      [`create${Compressor}`]: create,
    } = zlib;
    const unpackSync = zlib[`${decompress}Sync`].bind(null);
    const packed = [
      await promisify(pack)(plain),
      await promisify(pack)(plain, { level: 1 }),
      await promisify(pack.bind(zlib, plain, { level: 9 }))(),
      packSync.call(undefined, plain),
      packSync.apply({}, [plain, { level: 2 }]),
      Reflect.apply(packSync, null, [plain]),
      await through(create(), plain, 7000),
    ];
    results[compress] = packed.map((bytes) => unpackSync(bytes).equals(plain));
    const unpack = promisify(zlib[decompress]);
    results[decompress] = await unpack(Buffer.alloc(20, 'bad')).catch(
      ({ code, errno, message }) => [code, errno, message],
    );
  }
  return results;
}

function Inherited(options) {
  zlib.Gzip.call(this, options);
  this.seen = 0;
}
inherits(Inherited, zlib.Gzip);
Inherited.prototype._transform = function (chunk, encoding, done) {
  this.seen += chunk.length;
  zlib.Gzip.prototype._transform.call(this, chunk, encoding, done);
};

function Created(options) {
  const self = Object.create(Created.prototype);
  zlib.Gzip.call(self, options);
  return self;
}
Created.prototype = Object.create(zlib.Gzip.prototype, { constructor: { value: Created } });

class Derived extends zlib.Gzip {
  constructor(options) {
    super(rename(options));
    this.flushes = 0;
  }
  flush(...rest) {
    this.flushes++;
    return super.flush(...rest);
  }
}

/** Streams of classes made from zlib's, in every way. */
async function inherited() {
  const results = {};
  const makers = {
    Inherited: () => new Inherited(),
    Created: () => Created({ level: 3 }),
    Derived: () => new Derived({}),
    withoutNew: () => Reflect.apply(zlib.Gzip, undefined, []),
    reflected: () => Reflect.construct(zlib.Gzip, [], Derived),
  };
  for (const [name, make] of Object.entries(makers)) {
    const stream = make();
    const packed = collect(stream);
    stream.write(plain.subarray(0, 1000));
    await new Promise((resolve) => stream.flush(resolve));
    stream.end(plain.subarray(1000));
    const same = zlib.gunzipSync(await packed).equals(plain);
    const kinds = COMPRESSORS.map((Class) => stream instanceof zlib[Class]);
    results[name] = [same, kinds, stream.constructor.name, stream.seen, stream.flushes];
  }
  return results;
}

/** Replaces exports as monkey patches do, and puts them back. */
async function replaced() {
  const results = {};
  const calls = [];
  const original = { ...zlib };
  const wrap = (object, name) => {
    const wrapped = object[name];
    object[name] = function (...rest) {
      calls.push(name);
      return wrapped.apply(this, rest);
    };
    return () => {
      object[name] = wrapped;
    };
  };
  const undo = [];
  for (const name of ['gzip', 'gzipSync', 'createGzip', 'gunzip', 'createGunzip', 'inflateSync']) {
    undo.push(wrap(zlib, name));
  }
  for (const name of ['_transform', '_flush', 'flush']) undo.push(wrap(zlib.Gzip.prototype, name));
  const packed = await oneShot(zlib, 'gzip', plain);
  const unpacked = await oneShot(zlib, 'gunzip', packed);
  zlib.inflateSync(zlib.deflateSync(plain));
  const streamed = await through(zlib.createGzip(), plain, 40_000);
  results.same = [unpacked.equals(plain), original.gunzipSync(streamed).equals(plain)];
  results.calls = [...new Set(calls)].sort();
  for (const each of undo) each();
  // Those of the prototype were inherited before and are own properties now.
  for (const name of ['_transform', '_flush', 'flush']) delete zlib.Gzip.prototype[name];
  results.back = Object.keys(original).filter((name) => zlib[name] !== original[name]);
  return results;
}

/** Replacements as seen by ES modules, test mocks and getters. */
async function mocked() {
  const results = {};
  const mocking = mock.method(zlib, 'gzipSync');
  zlib.gzipSync(plain);
  const { length } = mocking.mock.calls[0].result;
  results.mock = [mocking.mock.callCount(), length > 100];
  mock.method(zlib, 'createGzip', () => 'mocked');
  results.factory = zlib.createGzip();
  mock.restoreAll();
  results.restored = [typeof zlib.createGzip(), zlib.gunzipSync(zlib.gzipSync('x')).toString()];

  const module = await import('node:zlib');
  const { gzipSync } = zlib;
  zlib.gzipSync = () => 'replaced';
  results.before = [module.default.gzipSync(), module.gzipSync === gzipSync];
  syncBuiltinESMExports();
  results.synced = module.gzipSync();
  zlib.gzipSync = gzipSync;
  syncBuiltinESMExports();
  results.again = module.gzipSync === gzipSync;

  Object.defineProperty(zlib, 'deflateSync', { get: () => () => 'got', configurable: true });
  results.getter = zlib.deflateSync();
  results.rejected = [];
  for (const name of ['constants', 'codes']) {
    const attempt = () => {
      'use strict';
      zlib[name] = {};
    };
    try {
      attempt();
    } catch (error) {
      results.rejected.push(error.constructor.name, error.message);
    }
  }
  return results;
}

/** A tracer's context in callbacks, events and promises. */
async function context() {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = (label) => seen.push(`${label} ${storage.getStore()}`);
  await storage.run('callback', () =>
    oneShot(zlib, 'gzip', plain).then((packed) => {
      note('then');
      return new Promise((resolve) => zlib.gunzip(packed, () => resolve(note('gunzip'))));
    }),
  );
  await storage.run('promise', async () => {
    await promisify(zlib.deflate)(plain);
    note('await');
  });
  const stream = storage.run('stream', () => zlib.createGzip());
  storage.run('listener', () => stream.on('end', () => note('end')));
  await storage.run('writer', () => through(stream, plain, 30_000));
  return seen;
}

const SCENES = { context, held, inherited, mocked, replaced, shape };

/** Runs the scenes named and resolves to {name: what was seen}. */
module.exports = async (names) => {
  const results = {};
  for (const name of names) results[name] = await SCENES[name]();
  return results;
};
