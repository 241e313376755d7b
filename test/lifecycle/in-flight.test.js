// Commands at any moment, while requests are in flight on other threads. What happens then depends
// on the speed of these, in node:zlib too: so it must be something that node:zlib did as well.

const assert = require('node:assert/strict');
const { test } = require('../support/bounded');
const { FORMATS } = require('../support/formats');
const { isNode, node, zlib } = require('../support/subject');
const { never } = require('./compare');
const { comparePlausible } = require('./plausible');
const { largeSize, tame, uses, wildScript } = require('./commands');
const { play } = require('./play');
const { assertNoDifferences } = require('./report');
const { holdsForAll } = require('./random');

const GAPS = ['none', 'tick', 'turn', 'turns', 'quiet'];
/** How often node:zlib is asked again whether it could do the same. */
const MORE_LIVES = 30;

const withGaps = (each, gap) => ({
  ...each,
  steps: each.steps.map((step) => ({ ...step, gap })),
});

/** Compares with node:zlib's lives under other gaps, and more of them as long as there is need. */
async function checkPlausible(wild) {
  const each = tame(wild);
  const subject = await play(isNode ? node : zlib, each);
  const references = [];
  for (const gap of [null, 'none', 'quiet']) {
    references.push(await play(node, gap ? withGaps(each, gap) : each));
  }
  let differences = comparePlausible(each, subject, references);
  for (let i = 0; i < MORE_LIVES && differences.length > 0; i++) {
    references.push(await play(node, i % 2 ? each : withGaps(each, GAPS[(i >> 1) % GAPS.length])));
    differences = comparePlausible(each, subject, references);
  }
  assertNoDifferences(each, differences, subject, references[0]);
}

/**
 * What a compressor gave since the last reset() decodes to the end of what was written, or, if it
 * was cut short, to something that was written.
 */
function assertDecodes({ Class }, { output, cuts, log, looks, written }) {
  const format = FORMATS.find(({ Compressor }) => Compressor === Class);
  if (!format || looks.at(-2).state.errored?.code === 'Z_STREAM_ERROR') return;
  const bytes = output.subarray(cuts.at(-1)?.output ?? 0);
  if (bytes.length === 0) return;
  const plain = node[`${format.decompress}Sync`](bytes, { finishFlush: 2 });
  if (log.includes('end')) assert.ok(written.subarray(written.length - plain.length).equals(plain));
  else assert.ok(written.includes(plain));
}

/** In node:zlib these commands are undefined with a write in flight: here they are not. */
async function checkAlone(each) {
  const life = await play(zlib, each, { careful: false });
  assertNoDifferences(each, never(each, life), life, life);
  assertDecodes(each, life);
}

const check = (each) =>
  (uses(each, /^(reset|params)$/) && !isNode ? checkAlone : checkPlausible)(each);

const KINDS = {
  'small writes': [{ gaps: GAPS, maxLength: 8 }, 60],
  'large writes': [{ gaps: GAPS, sizes: largeSize, maxLength: 5 }, 4],
};

for (const [title, [options, count]] of Object.entries(KINDS)) {
  test(`commands at any moment, ${title}`, (t) =>
    holdsForAll(t, wildScript(options), count, check, { racing: true }));
}
