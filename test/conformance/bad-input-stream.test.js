// Wrong streams through stream objects, in writes of several sizes: node's events, node's error,
// and of the data a beginning of what is right.

const assert = require('node:assert/strict');
const { everyCase } = require('../support/bad-streams');
const { pieces, written } = require('../support/drive');
const { Recorder } = require('../support/events');
const { assertEqualTo, describeError } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

/** Writes piece after piece, each when the one before was accepted, and says what came of it. */
async function run(side, Class, bytes, step, options) {
  const stream = new side[Class](options);
  const recorder = new Recorder(stream);
  const errors = [];
  stream.on('error', (error) => errors.push(describeError(error)));
  const feeding = (async () => {
    for (const piece of pieces(bytes, step)) {
      if (stream.destroyed || stream.readableEnded) break;
      await written(stream, piece);
    }
    if (!stream.destroyed) stream.end();
  })();
  // A write's own error is the stream's error: the recorder has it.
  feeding.catch(() => {});
  await recorder.closed();
  return { life: recorder.life(), errors, output: recorder.output };
}

function assertAgree(actual, expected, label) {
  assertEqualTo(actual.errors, expected.errors, label);
  if (expected.errors.length === 0) {
    assertEqualTo(actual.output, expected.output, label);
  } else {
    // How much comes out before an error depends on how writes were joined.
    const common = Math.min(actual.output.length, expected.output.length);
    assert.ok(actual.output.subarray(0, common).equals(expected.output.subarray(0, common)), label);
  }
}

for (const [, Class, name, bytes] of everyCase()) {
  test(`${Class}: ${name}`, async () => {
    for (const step of [bytes.length, 7, 1]) {
      const expected = await run(node, Class, bytes, step);
      const actual = await run(zlib, Class, bytes, step);
      assertAgree(actual, expected, `pieces of ${step}`);
      // Whether 'finish' comes before an error is a matter of when a write was accepted.
      const without = (life) => life.filter((entry) => entry !== 'finish');
      assertEqualTo(without(actual.life), without(expected.life), `pieces of ${step}: events`);
    }
  });
}

test('rejectGarbageAfterEnd', async () => {
  const options = { rejectGarbageAfterEnd: true };
  for (const [, Class, name, bytes] of everyCase()) {
    const expected = await run(node, Class, bytes, bytes.length, options);
    assertAgree(
      await run(zlib, Class, bytes, bytes.length, options),
      expected,
      `${Class}: ${name}`,
    );
  }
});
