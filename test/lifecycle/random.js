// Random scripts, how many of them, and how long one that fails is made smaller.

const fc = require('fast-check');
const { announceSeed } = require('../support/seed');

/** WARPDRIVE_RUNS=10 makes ten times as many. The file's limit is that of support/bounded.js. */
const factor = Number(process.env.WARPDRIVE_RUNS ?? 1);
if (!(factor > 0)) throw new Error(`WARPDRIVE_RUNS is no number: ${process.env.WARPDRIVE_RUNS}`);

/** Plays a smaller script may cost: without a limit some take longer than the file may. */
const MOST_SHRINKS = 300;

/** `check(script)` rejects for none of `count` of `scripts`. */
function holdsForAll(t, scripts, count, check) {
  let left = MOST_SHRINKS;
  let failed = false;
  const limited = async (each) => {
    if (failed && left-- <= 0) return;
    try {
      await check(each);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  return fc.assert(fc.asyncProperty(scripts, limited), {
    seed: announceSeed(t),
    numRuns: Math.max(1, Math.round(count * factor)),
    includeErrorInReport: true,
  });
}

module.exports = { holdsForAll };
