// Runs cases in this process, several streams at a time, and tells which differ.

const { node, zlib } = require('../support/subject');
const { makeCase } = require('./cases');
const { differences } = require('./compare');
const { play } = require('./play');

const IN_FLIGHT = 8;

/** Plays a case on both sides; gives the differences. */
async function differencesOf(made) {
  const expected = await play(node, made);
  const actual = await play(zlib, made);
  return differences(made, actual, expected);
}

/**
 * Runs the cases `from`, `from + step`, ... below `to` of a seed until `deadline` (of
 * Date.now()), if there is one.
 * `onStart(number)` and `onDone(made, differences)` are called for each; runs on after differences.
 */
async function runCases({ seed, from, to, step, deadline }, { onStart, onDone }) {
  let next = from;
  const lane = async () => {
    while (next < to && (deadline === undefined || Date.now() < deadline)) {
      const number = next;
      next += step;
      onStart(number);
      const made = makeCase(seed, number);
      onDone(made, await differencesOf(made));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

module.exports = { differencesOf, runCases };
