// The same commands on a stream of node:zlib and on one of this package, in random order, from the
// first to the last moment of its life, compared wherever nothing is under way.

const { test } = require('../support/bounded');
const { isNode, node, zlib } = require('../support/subject');
const { compare } = require('./compare');
const { largeSize, script } = require('./commands');
const { play } = require('./play');
const { assertNoDifferences } = require('./report');
const { holdsForAll } = require('./random');

async function check(each) {
  const reference = await play(node, each);
  const subject = await play(isNode ? node : zlib, each);
  assertNoDifferences(each, compare(each, subject, reference), subject, reference);
}

const KINDS = {
  'one at a time': [{ gaps: ['quiet'] }, 100],
  'in bursts': [{ gaps: ['none', 'none', 'quiet'] }, 150],
  'in bursts with ticks between': [{ gaps: ['none', 'tick', 'microtask', 'quiet'] }, 150],
  'with requests in flight': [
    { gaps: ['none', 'tick', 'quiet'], sizes: largeSize, maxLength: 6 },
    6,
    { racing: true },
  ],
};

for (const [title, [options, count, limits]] of Object.entries(KINDS)) {
  test(`commands ${title}`, (t) => holdsForAll(t, script(options), count, check, limits));
}
