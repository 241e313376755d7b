// One stream on 1, 2, ... worker threads of the software device: the same process but for their
// number, against one thread. Fed from files as in `stream`, where reading takes its part of the
// cores, and from memory, where the stream has them for itself.

const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const { finished } = require('node:stream/promises');
const stream = require('./stream.js');

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => ['silesia', 'log'].includes(name));
  return (chosen.length > 0 ? chosen : corpora.slice(0, 1)).flatMap((corpus) =>
    (quick ? [6] : [1, 6, 9]).flatMap((level) => [
      { name: `level ${level}`, corpus, params: { level, from: 'files' } },
      { name: `level ${level}, memory`, corpus, params: { level, from: 'memory' } },
    ]),
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

function prepare(test, zlib) {
  const state = stream.prepare(test, zlib);
  if (test.params.from === 'memory') {
    state.contents = state.files.map(({ path }) => readFileSync(path));
  }
  return state;
}

async function write(contents, gzip) {
  for (let at = 0; at < contents.length; at += stream.READ_BYTES) {
    if (!gzip.write(contents.subarray(at, at + stream.READ_BYTES))) await once(gzip, 'drain');
  }
  gzip.end();
}

async function run(state) {
  if (!state.contents) return stream.run(state);
  const sizes = {};
  let bytesIn = 0;
  for (const [index, { name, size }] of state.files.entries()) {
    const gzip = state.create();
    sizes[name] = 0;
    gzip.on('data', (chunk) => {
      sizes[name] += chunk.length;
    });
    await Promise.all([write(state.contents[index], gzip), finished(gzip)]);
    bytesIn += size;
  }
  return { bytesIn, sizes };
}

const { verify, warmUp } = stream;

module.exports = {
  title: 'One createGzip stream by threads',
  tests,
  sides,
  prepare,
  verify,
  warmUp,
  run,
};
