// Everything that can be reached from the exports by reflection, walked side by side with node:zlib:
// keys and their order, flags, types, values, names and lengths of functions, prototypes.

const assert = require('node:assert/strict');
const { Transform } = require('node:stream');
const { isNode, node, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

/** README, "Differences from node:zlib". */
const LISTED = isNode
  ? []
  : [
      'zlib: key warpdrive is extra',
      // Made when somebody asks for it.
      'zlib.Deflate.prototype.[[Prototype]].constructor.[[Prototype]].prototype: key _outBuffer is extra',
    ];

const ROOTS = [Object, Function, Transform].flatMap((each) => [each, each.prototype]);

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Calls `report` with what differs between two objects, and between all that hangs on them. */
class Walk {
  found = [];
  seen = new Set();

  report(path, what, ours, theirs) {
    const values = [ours, theirs].map((value) => (isObject(value) ? typeof value : String(value)));
    this.found.push(`${path}: ${what}${values[0] ? ` ${values[0]}, in node ${values[1]}` : ''}`);
  }

  values(path, ours, theirs) {
    if (Object.is(ours, theirs) || this.seen.has(theirs)) return;
    if (!isObject(ours) || typeof ours !== typeof theirs) {
      this.report(path, 'value', ours, theirs);
      return;
    }
    this.seen.add(theirs);
    for (const state of ['isExtensible', 'isSealed', 'isFrozen']) {
      if (Object[state](ours) !== Object[state](theirs)) this.report(path, state, '');
    }
    this.keys(path, ours, theirs);
    const [a, b] = [ours, theirs].map(Object.getPrototypeOf);
    if (!ROOTS.includes(b)) this.values(`${path}.[[Prototype]]`, a, b);
    else if (a !== b) this.report(path, 'prototype', '');
  }

  keys(path, ours, theirs) {
    const [a, b] = [ours, theirs].map(Reflect.ownKeys);
    for (const key of a) if (!b.includes(key)) this.report(path, `key ${String(key)} is extra`, '');
    for (const key of b)
      if (!a.includes(key)) this.report(path, `key ${String(key)} is missing`, '');
    const common = a.filter((key) => b.includes(key));
    const expected = b.filter((key) => a.includes(key));
    if (common.some((key, i) => key !== expected[i]))
      this.report(path, 'order of keys', common, expected);
    for (const key of common) this.property(`${path}.${String(key)}`, key, ours, theirs);
  }

  property(path, key, ours, theirs) {
    const [a, b] = [ours, theirs].map((each) => Object.getOwnPropertyDescriptor(each, key));
    for (const flag of ['writable', 'enumerable', 'configurable']) {
      if (a[flag] !== b[flag]) this.report(path, flag, a[flag], b[flag]);
    }
    for (const part of ['value', 'get', 'set']) {
      this.values(part === 'value' ? path : `${path}<${part}>`, a[part], b[part]);
    }
  }
}

test('nothing differs but what README lists', () => {
  const walk = new Walk();
  walk.values('zlib', zlib, node);
  assert.deepEqual(walk.found, LISTED);
});

test('the walk sees names, lengths, flags and keys', () => {
  const like = (method, flags) => {
    const object = Object.defineProperty({}, 'x', { value: method, ...flags });
    return Object.create(object);
  };
  const found = (a, b) => {
    const walk = new Walk();
    walk.values('it', a, b);
    return walk.found.length;
  };
  const one = like(function named(_a) {});
  assert.equal(
    found(
      one,
      like(function named(_a) {}),
    ),
    0,
  );
  assert.equal(
    found(
      one,
      like(function other(_a) {}),
    ),
    1,
  );
  assert.equal(
    found(
      one,
      like(function named() {}),
    ),
    1,
  );
  assert.equal(
    found(
      one,
      like(function named(_a) {}, { writable: true }),
    ),
    1,
  );
  assert.equal(found(one, Object.create({ y: 1 })), 2);
});
