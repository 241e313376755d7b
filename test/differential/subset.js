// Some cases of a fixed seed, in this process: for subjects that have to be set up first.

const { describe } = require('./report');
const { runCases } = require('./runner');

/** Case 10 of it is a damaged stream whose takeover by software was once counted wrong. */
const SEED = 1710473087;

/**
 * Runs the first `cases` cases.
 * @returns {Promise<{total: number, counts: object, differences: string[]}>} `counts` by kind of
 *   case, `differences` in words
 */
async function runSubset(cases) {
  const counts = {};
  const differences = [];
  let total = 0;
  await runCases(
    { seed: SEED, from: 0, to: cases, step: 1, deadline: Number.POSITIVE_INFINITY },
    {
      onStart() {},
      onDone(made, found) {
        total++;
        counts[made.kind] = (counts[made.kind] ?? 0) + 1;
        if (found.length > 0) differences.push(describe(made, SEED, found).text);
      },
    },
  );
  return { total, counts, differences };
}

module.exports = { runSubset };
