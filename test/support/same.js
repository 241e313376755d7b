// Runs one thing on the subject and on node:zlib and compares what comes of it.

const assert = require('node:assert/strict');
const { inspect, isDeepStrictEqual } = require('node:util');
const { zlib, node } = require('./subject');

/** What a user can tell about an error. */
function describeError(error) {
  if (!(error instanceof Error)) return { threw: true, value: error };
  const { name, code, errno, message } = error;
  return { threw: true, name, code, errno, message };
}

/** Outcome of a synchronous call: its value, or the description of what it threw. */
function outcome(thunk) {
  try {
    return { threw: false, value: thunk() };
  } catch (error) {
    return describeError(error);
  }
}

/** Outcome of a promise. */
async function outcomeAsync(thunk) {
  try {
    return { threw: false, value: await thunk() };
  } catch (error) {
    return describeError(error);
  }
}

function assertEqualTo(actual, expected, label) {
  if (isDeepStrictEqual(actual, expected)) return;
  assert.fail(
    `${label}\n  subject: ${inspect(actual, { depth: 6 })}\n  node:    ${inspect(expected, { depth: 6 })}`,
  );
}

/**
 * `fn(zlib)` must return, or throw, the same on both sides. Values are compared deeply: return
 * what is comparable (decoded bytes, lengths), not streams.
 */
function assertSame(fn, label) {
  const expected = outcome(() => fn(node));
  assertEqualTo(
    outcome(() => fn(zlib)),
    expected,
    label,
  );
  return expected;
}

/** As assertSame, where `fn(zlib)` gives a promise. */
async function assertSameAsync(fn, label) {
  const expected = await outcomeAsync(() => fn(node));
  assertEqualTo(await outcomeAsync(() => fn(zlib)), expected, label);
  return expected;
}

module.exports = {
  assertEqualTo,
  assertSame,
  assertSameAsync,
  describeError,
  outcome,
  outcomeAsync,
};
