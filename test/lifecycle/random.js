// Random scripts: how many of them, when one counts as failed, and how long it is made smaller.

const fc = require('fast-check');
const { announceSeed } = require('../support/seed');

/** WARPDRIVE_RUNS=10 makes ten times as many. The file's limit is that of support/limits.js. */
const factor = Number(process.env.WARPDRIVE_RUNS ?? 1);
if (!(factor > 0)) throw new Error(`WARPDRIVE_RUNS is no number: ${process.env.WARPDRIVE_RUNS}`);

/** Plays that a smaller script may cost: without a limit some take longer than the file may. */
const MOST_SHRINKS = 300;
/** How often a script that differs is played again, on both sides. */
const REPLAYS = 5;
/** Of how many scripts in a thousand the speed of threads may have been to blame, and at least one. */
const MOST_OF_THOUSAND = 5;

/**
 * `check(script)` rejects for none of `count` of `scripts`. Only where commands meet requests that
 * are in flight (`racing`), one that differs and does not when it is played again met another speed
 * of threads, on either side: that is told. What may never happen, as a callback that is called
 * twice, is wrong at any speed.
 */
async function holdsForAll(t, scripts, count, check, { racing = false } = {}) {
  const numRuns = Math.max(1, Math.round(count * factor));
  const mostOnce = racing ? Math.max(1, Math.floor((numRuns * MOST_OF_THOUSAND) / 1000)) : 0;
  const once = [];
  let shrinks = MOST_SHRINKS;
  let failed = false;
  const holdsNow = async (each) => {
    for (let i = 0; i < REPLAYS; i++) {
      const holds = await check(each).then(
        () => true,
        () => false,
      );
      if (holds) return true;
    }
    return false;
  };
  const limited = async (each) => {
    if (failed && shrinks-- <= 0) return;
    try {
      await check(each);
    } catch (error) {
      const excused = !failed && !error.atAnySpeed && once.length < mostOnce;
      if (excused && (await holdsNow(each))) {
        once.push(error);
        return;
      }
      failed = true;
      throw error;
    }
  };
  try {
    await fc.assert(fc.asyncProperty(scripts, limited), {
      seed: announceSeed(t),
      numRuns,
      includeErrorInReport: true,
    });
  } finally {
    if (racing) t.diagnostic(`${once.length} of ${numRuns} scripts differed once`);
    for (const { message } of once) t.diagnostic(message);
  }
}

module.exports = { holdsForAll };
