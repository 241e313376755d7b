// Classes: prototypes, methods, construction with and without `new`.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { CLASSES, DECOMPRESSORS } = require('../support/formats');
const { assertEqualTo, assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

/** Descriptors on the prototype chain of a class, from itself up to (not with) Transform. */
function members(Class) {
  const found = {};
  for (let p = Class.prototype; p.constructor.name !== 'Transform'; p = Object.getPrototypeOf(p)) {
    for (const name of Object.getOwnPropertyNames(p)) {
      found[name] ??= Object.getOwnPropertyDescriptor(p, name);
    }
  }
  return found;
}

/** Names that programs use: the documented ones, and `_processChunk` and `_closed`. */
function publicNames(Class) {
  return Object.keys(members(Class)).filter(
    (name) => name === '_processChunk' || name === '_closed' || !name.startsWith('_'),
  );
}

const describe = ({ value, get, set, enumerable, configurable, writable }) => ({
  kind: typeof value,
  length: value?.length,
  get: Boolean(get),
  set: Boolean(set),
  enumerable,
  configurable,
  writable,
});

for (const name of CLASSES) {
  test(`${name}: the prototype has Node's members`, () => {
    const expected = members(node[name]);
    const actual = members(zlib[name]);
    for (const key of publicNames(node[name])) {
      assert.ok(actual[key], `${key} is missing`);
      if (key === 'constructor') assert.equal(zlib[name].prototype.constructor, zlib[name]);
      else assertEqualTo(describe(actual[key]), describe(expected[key]), key);
    }
  });

  test(`${name}: instances are of the class, and streams`, () => {
    for (const stream of [new zlib[name](), zlib[`create${name}`]()]) {
      assert.ok(stream instanceof zlib[name]);
      assert.equal(stream.constructor, zlib[name]);
      assert.equal(Object.prototype.toString.call(stream), '[object Object]');
      for (const key of ['readable', 'writable', 'destroyed', '_closed', 'bytesWritten']) {
        assertEqualTo(stream[key], new node[name]()[key], key);
      }
      stream.destroy();
    }
  });
}

test('calling without new gives an instance, with the options', () => {
  for (const name of CLASSES) {
    const stream = zlib[name]({ chunkSize: 64, readableHighWaterMark: 99 });
    assert.ok(stream instanceof zlib[name]);
    assert.equal(stream.readableHighWaterMark, 99);
    stream.destroy();
    assertSame((side) => side[name]({ chunkSize: 1 }), `${name}() checks options`);
  }
});

test('calling without new warns as this Node does', async () => {
  const scene = (subject, names) => {
    const seen = [];
    process.on('warning', ({ name, code, message }) => seen.push({ name, code, message }));
    // Twice each, because Node gives such a warning once only.
    for (const name of names) {
      subject[name]().destroy();
      subject[name]().destroy();
    }
    setImmediate(() => console.log(JSON.stringify(seen)));
  };
  const [actual, expected] = await Promise.all([
    runScene(scene, CLASSES),
    runScene(scene, CLASSES, { zlib: 'node:zlib' }),
  ]);
  assert.equal(actual.code, 0, actual.stderr);
  assertEqualTo(JSON.parse(actual.stdout), JSON.parse(expected.stdout), 'warnings');
});

test('the class chain has the names of Node’s', () => {
  const chain = (Class) => {
    const names = [];
    for (let c = Class; c !== Function.prototype; c = Object.getPrototypeOf(c)) names.push(c.name);
    return names.slice(0, names.indexOf('Transform') + 1);
  };
  for (const name of CLASSES) assert.deepEqual(chain(zlib[name]), chain(node[name]));
});

test('bytesRead exists where Node has it', () => {
  for (const name of DECOMPRESSORS) {
    assert.equal('bytesRead' in zlib[name].prototype, 'bytesRead' in node[name].prototype);
  }
});
