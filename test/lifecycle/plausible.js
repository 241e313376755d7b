// Compares lives whose course depends on the speed of threads.

const { actsEarly, holdsUp, uses } = require('./commands');
const { Comparison, actsInside, listensToData } = require('./compare');
const { EARLY, isGood, labelOf, withOneRefusal } = require('./entries');
const { isDecompressor } = require('./material');

/** What became of each callback and event, in a form in which several lives can be united. */
function outcomesOf({ log }) {
  const errors = log.filter((entry) => entry.startsWith('error '));
  const outcomes = new Map([['error', errors[0] ?? 'none']]);
  for (const event of ['end', 'close', 'data']) outcomes.set(event, log.includes(event));
  for (const entry of log.filter((each) => /^[a-z-]+-\d/i.test(each))) {
    outcomes.set(labelOf(entry), entry.replace(/^soon-/, ''));
  }
  return outcomes;
}

/** README: a last write that is cut short "is lost" with its output in node:zlib, "and here it is not". */
const losesOutput = (lives) =>
  lives.some(({ looks }) => looks.at(-1).state.errored?.code === 'Z_BUF_ERROR');

/**
 * Where what happens depends on the speed of threads: was this one of the lives that node:zlib
 * gave to the same script with other gaps? Callbacks and events are taken each by itself.
 */
function comparePlausible(script, subject, references) {
  const comparison = new Comparison(script, subject, references[0]);
  comparison.never();
  // Done while the stream waits for its reader, or after so many chunks, or as soon as data was
  // taken, or when a compressor's first block comes: node:zlib's own lives do not show what comes of
  // that.
  const byReader = actsInside(script) && holdsUp(script);
  const byInput = actsEarly(script) && isDecompressor(script.Class);
  const byOutput = listensToData(script) && (comparison.compresses || losesOutput(references));
  const byChunk = comparison.readsChunks || uses(script, /^iterate$/);
  if (byReader || byInput || byOutput || byChunk) return comparison.differences;
  const actual = outcomesOf(comparison.subject);
  const error = actual.get('error');
  const same = comparison.compresses && script.finishes ? withOneRefusal : (life) => life;
  const lives = references.map((life) => outcomesOf(same(life)));
  for (const label of new Set(lives.flatMap((life) => [...life.keys()]))) {
    // A compressor's data may be held back until there is a block of it.
    if (comparison.compresses && /^(data$|iterated-)/.test(label)) continue;
    if (label === 'data' && losesOutput(references)) continue;
    const outcome = actual.get(label);
    const seen = lives.map((life) => life.get(label));
    const early = EARLY.test(label) && outcome !== undefined && comparison.isTold(outcome);
    const dropped = seen.some((each) => each === undefined || !isGood(String(each)));
    const abandoned = dropped && comparison.isAbandoned(String(outcome));
    // A flush behind damaged data that was taken ahead of time.
    const damaged = dropped && error !== 'none' && String(outcome).endsWith(`${error.slice(5)})`);
    comparison.ok(label, early || abandoned || damaged || seen.includes(outcome), [
      outcome,
      ...new Set(seen),
    ]);
  }
  return comparison.differences;
}

module.exports = { comparePlausible };
