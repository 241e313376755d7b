// A bounded number of random cases on this package and on node:zlib: no difference is left
// unexplained. WARPDRIVE_CASES sets how many, WARPDRIVE_SEED replays a run; a single case is run
// again with the line that a failure prints.

const assert = require('node:assert/strict');
const { test } = require('../support/bounded');
const { announceSeed } = require('../support/seed');
const { runFleet } = require('./fleet');

const CASES = Number(process.env.WARPDRIVE_CASES ?? 600);
const MOST_SHOWN = 5;

test(`${CASES} random cases`, async (t) => {
  assert.ok(Number.isInteger(CASES) && CASES > 0, 'WARPDRIVE_CASES is a number of cases');
  const seed = announceSeed(t);
  const { total, counts, differences, seconds } = await runFleet({ seed, cases: CASES });
  t.diagnostic(`${total} cases in ${seconds.toFixed(1)} s: ${JSON.stringify(counts)}`);
  const shown = differences.slice(0, MOST_SHOWN).map(({ text }) => text);
  assert.equal(differences.length, 0, `${differences.length} differences\n${shown.join('\n\n')}`);
  assert.equal(total, CASES, 'cases that were run');
});
