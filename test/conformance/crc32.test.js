// crc32: values, types, errors.

const assert = require('node:assert/strict');
const { noise } = require('../support/data');
const { inputsOf, WRONG_VALUES } = require('../support/inputs');
const { assertSame } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const skip = typeof node.crc32 !== 'function' && 'this Node has no zlib.crc32';
const bytes = noise(70_000);

test('the check value', { skip }, () => {
  assert.equal(zlib.crc32('123456789'), 0xcbf43926);
  assert.equal(zlib.crc32(''), 0);
  assert.equal(zlib.crc32(Buffer.alloc(0), 77), 77);
});

test('every length to 300, and long ones', { skip }, () => {
  for (const length of [...Array(301).keys(), 4095, 65537, bytes.length]) {
    for (const value of [undefined, 0, 1, 0xffffffff]) {
      assertSame((side) => side.crc32(bytes.subarray(0, length), value), `${length}, ${value}`);
    }
  }
});

test('in parts', { skip }, () => {
  let value = 0;
  for (let i = 0; i < bytes.length; i += 999) value = zlib.crc32(bytes.subarray(i, i + 999), value);
  assert.equal(value, node.crc32(bytes));
});

test('types and strings', { skip }, () => {
  for (const [type, input] of Object.entries(inputsOf(bytes.subarray(0, 800)))) {
    assertSame((side) => side.crc32(input), type);
  }
  for (const string of ['text', 'Grüße, 世界 🎈', '\ud800'])
    assertSame((side) => side.crc32(string));
});

test('wrong data and wrong values', { skip }, () => {
  for (const [name, make] of Object.entries(WRONG_VALUES)) {
    assertSame((side) => side.crc32(make()), `data: ${name}`);
    assertSame((side) => side.crc32('x', make()), `value: ${name}`);
  }
  for (const value of [-1, 0.5, 2 ** 32 - 1, 2 ** 32, 2 ** 53, Infinity, '1', '']) {
    assertSame((side) => side.crc32('x', value), `value: ${value}`);
  }
});

const own = zlib.crc32 === node.crc32 && 'it is node’s own function, which aborts in Node 20';

test('minus zero is zero', { skip: skip || own }, () => {
  assert.equal(zlib.crc32('x', -0), zlib.crc32('x', 0));
});
