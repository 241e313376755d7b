// The module's surface is that of the running Node's zlib, name by name and flag by flag.

const assert = require('node:assert/strict');
const { METHODS, CLASSES } = require('../support/formats');
const { assertEqualTo } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const OURS = new Set([
  ...METHODS,
  ...METHODS.map((name) => `${name}Sync`),
  ...CLASSES,
  ...CLASSES.map((name) => `create${name}`),
  'crc32',
]);

function flags({ value, get, set, writable, enumerable, configurable }) {
  return { kind: typeof value, accessor: Boolean(get || set), writable, enumerable, configurable };
}

/** name and length of a function, with their own flags. */
function signature(fn) {
  const { name, length } = Object.getOwnPropertyDescriptors(fn);
  return { name, length };
}

test('the same enumerable keys', () => {
  assert.deepEqual(Object.keys(zlib).sort(), Object.keys(node).sort());
});

test('the same own names, those that are not enumerable too', () => {
  const names = (object) => Reflect.ownKeys(object).map(String).sort();
  // The one name more is this package's own, out of the way of those who list names.
  const ours = names(zlib).filter((name) => name !== 'warpdrive');
  assert.deepEqual(ours, names(node));
});

test('the same flags on each property', () => {
  for (const name of Object.getOwnPropertyNames(node)) {
    const expected = Object.getOwnPropertyDescriptor(node, name);
    const actual = Object.getOwnPropertyDescriptor(zlib, name);
    assertEqualTo(flags(actual), flags(expected), name);
  }
});

test('the same name and length of each function', () => {
  for (const name of Object.getOwnPropertyNames(node)) {
    if (typeof node[name] !== 'function') continue;
    assertEqualTo(signature(zlib[name]), signature(node[name]), name);
  }
});

test('the same prototype of the module itself', () => {
  assert.equal(Object.getPrototypeOf(zlib), Object.getPrototypeOf(node));
  assert.equal(Object.isExtensible(zlib), Object.isExtensible(node));
});

test('what is not accelerated is Node’s own', () => {
  const untouched = Object.getOwnPropertyNames(node).filter((name) => !OURS.has(name));
  assert.ok(untouched.includes('brotliCompressSync'));
  for (const name of untouched) {
    if (name === 'constants' || name === 'codes') continue;
    assert.equal(zlib[name], node[name], name);
  }
});

test('constants', () => {
  assert.deepEqual({ ...zlib.constants }, { ...node.constants });
  assert.equal(Object.isFrozen(zlib.constants), Object.isFrozen(node.constants));
  assert.equal(Object.getPrototypeOf(zlib.constants), Object.getPrototypeOf(node.constants));
});

test('codes, both ways and frozen', () => {
  assert.deepEqual({ ...zlib.codes }, { ...node.codes });
  assert.equal(Object.isFrozen(zlib.codes), Object.isFrozen(node.codes));
});

test('read-only names stay read-only', () => {
  for (const name of ['codes', 'constants', 'createGzip', 'Z_BEST_SPEED']) {
    const before = zlib[name];
    assert.equal(Reflect.set(zlib, name, 1), false, name);
    assert.equal(zlib[name], before, name);
  }
});
