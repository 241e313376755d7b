// Wrong streams given to the one-shot functions: node's result, or node's error.

const assert = require('node:assert/strict');
const { everyCase } = require('../support/bad-streams');
const { oneShot } = require('../support/drive');
const { assertSame, assertSameAsync, outcome } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

// Z_BLOCK (5) is not here: where its result stops is zlib's inner business.
const FINISH_FLUSHES = [0, 1, 2, 3, 4];

for (const [method, , name, bytes] of everyCase()) {
  test(`${method}Sync: ${name}`, () => {
    assertSame((side) => side[`${method}Sync`](bytes), 'no options');
    for (const finishFlush of FINISH_FLUSHES) {
      assertSame((side) => side[`${method}Sync`](bytes, { finishFlush }), `flush ${finishFlush}`);
    }
    for (const rejectGarbageAfterEnd of [false, true]) {
      assertSame(
        (side) => side[`${method}Sync`](bytes, { rejectGarbageAfterEnd }),
        'reject garbage',
      );
    }
  });

  test(`${method}: ${name}`, async () => {
    await assertSameAsync((side) => oneShot(side, method, bytes), 'no options');
    const garbage = { rejectGarbageAfterEnd: true };
    await assertSameAsync((side) => oneShot(side, method, bytes, garbage), 'reject garbage');
  });
}

test('bytesWritten tells how much was used', () => {
  for (const [method, , name, bytes] of everyCase()) {
    assertSame((side) => {
      const { buffer, engine } = side[`${method}Sync`](bytes, { info: true });
      return [buffer.length, engine.bytesWritten];
    }, `${method}: ${name}`);
  }
});

test('errors have the same own properties and are of class Error', () => {
  for (const [method, , name, bytes] of everyCase()) {
    const errorOf = (side) => {
      try {
        side[`${method}Sync`](bytes);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const expected = errorOf(node);
    const actual = errorOf(zlib);
    if (expected === undefined) {
      assert.equal(actual, undefined);
      continue;
    }
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), name);
    assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected), name);
    assert.equal(String(actual), String(expected), name);
  }
});

test('the callback gets one argument with an error, once', async () => {
  for (const [method, , name, bytes] of everyCase()) {
    if (!outcome(() => node[`${method}Sync`](bytes)).threw) continue;
    const calls = [];
    await new Promise((resolve) => {
      zlib[method](bytes, (...args) => {
        calls.push(args.length);
        setImmediate(resolve);
      });
    });
    assert.deepEqual(calls, [1], `${method}: ${name}`);
  }
});
