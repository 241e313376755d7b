// Memory of many open streams: each gets 4 KiB, is flushed, and then stays open and idle (as the
// streams of server-sent events and WebSockets do); or is opened and gets nothing at all.

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const WRITE_BYTES = 4 << 10;
const DIFFERENT = 64;
/** How long a stream is idle before memory is looked at. */
const SETTLE_MS = 1500;

function tests({ corpora, quick }) {
  const corpus = corpora.find(({ name }) => name === 'json') ?? corpora[0];
  const flushed = quick ? [200, 1000] : [200, 2000, 5000, 10_000];
  const test = (streams, state) => ({
    name: `${streams} streams, ${state}`,
    corpus,
    params: { streams, state },
  });
  return [...flushed.map((streams) => test(streams, 'flushed')), test(flushed[1], 'unused')];
}

function prepare({ corpus, params }, zlib) {
  return {
    ...params,
    inputs: slices(corpus.files, WRITE_BYTES, DIFFERENT),
    create: () => zlib.createGzip(),
  };
}

/** Opens the streams and resolves when all that was written is out. */
async function open({ streams, state, inputs, create }, take) {
  const opened = Array.from({ length: streams }, (_, index) => {
    const gzip = create();
    gzip.on('data', (chunk) => take(index, chunk));
    return gzip;
  });
  if (state === 'unused') return opened;
  await Promise.all(
    opened.map(
      (gzip, index) =>
        new Promise((resolve, reject) => {
          gzip.on('error', reject);
          gzip.write(inputs[index % inputs.length]);
          gzip.flush(resolve);
        }),
    ),
  );
  return opened;
}

async function verify(state) {
  const outputs = Array.from({ length: state.streams }, () => []);
  const opened = await open(state, (index, chunk) => outputs[index].push(chunk));
  await sleep(SETTLE_MS);
  const more = state.inputs[0];
  await Promise.all(
    opened.map((gzip) => new Promise((resolve) => gzip.once('end', resolve).end(more))),
  );
  for (const [index, chunks] of outputs.entries()) {
    const first = state.state === 'unused' ? [] : [state.inputs[index % state.inputs.length]];
    const decoded = nodeZlib.gunzipSync(Buffer.concat(chunks));
    assert.ok(decoded.equals(Buffer.concat([...first, more])), `stream ${index} lost data`);
  }
}

async function run(state) {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  let bytes = 0;
  const opened = await open(state, (_, chunk) => {
    bytes += chunk.length;
  });
  const seconds = (performance.now() - start) / 1000;
  globalThis.gc();
  await sleep(SETTLE_MS);
  globalThis.gc();
  const addedBytes = process.memoryUsage().rss - before;
  for (const gzip of opened) gzip.destroy();
  return {
    seconds,
    addedBytes,
    operations: state.streams,
    bytesIn: state.streams * WRITE_BYTES,
    sizes: bytes > 0 ? { all: bytes } : undefined,
  };
}

module.exports = {
  title: 'Open streams, 4 KiB written and flushed, then idle; speed is streams opened and flushed',
  rounds: { atLeast: 2, atMost: 3 },
  freshLanes: true,
  tests,
  prepare,
  verify,
  run,
};
