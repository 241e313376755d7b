// One stream on 1, 2, ... worker threads of the software device: the same process but for their
// number, against one thread.

const { availableParallelism } = require('node:os');
const stream = require('./stream.js');

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => ['silesia', 'log'].includes(name));
  return (chosen.length > 0 ? chosen : corpora.slice(0, 1)).flatMap((corpus) =>
    (quick ? [6] : [1, 6, 9]).map((level) => ({
      name: `level ${level}`,
      corpus,
      params: { level },
    })),
  );
}

/** 1, 2, 4, ... up to the number of cores, and at least 2. */
function threadCounts() {
  const most = Math.max(2, availableParallelism());
  const counts = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

function sides() {
  return threadCounts().map((count) => ({
    name: count === 1 ? '1 thread' : `${count} threads`,
    implementation: 'warpdrive',
    env: { WARPDRIVE_THREADS: String(count) },
  }));
}

const { prepare, verify, warmUp, run } = stream;

module.exports = {
  title: 'One createGzip stream by threads',
  tests,
  sides,
  prepare,
  verify,
  warmUp,
  run,
};
