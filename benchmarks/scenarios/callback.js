// gzip() with a callback, many in flight all the time, while the event loop's delay is sampled every
// millisecond: 64 of 16 KiB of JSON each, and thousands of small ones to see what each costs.

const assert = require('node:assert/strict');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const nodeZlib = require('node:zlib');
const { peakBytes } = require('../lanes/usage.js');
const { slices } = require('../corpus/corpora.js');

const KiB = 1 << 10;
const DIFFERENT = 64;
const LOADS = [
  { inFlight: 64, size: 16 * KiB, operations: 4000 },
  { inFlight: 8192, size: 1 * KiB, operations: 32768 },
];

function tests({ corpora, quick }) {
  const corpus = corpora.find(({ name }) => name === 'json') ?? corpora[0];
  return LOADS.map(({ inFlight, size, operations }) => ({
    name: `gzip() ${inFlight} in flight, ${size / KiB} KiB`,
    corpus,
    params: { inFlight, size, operations: quick ? operations / 4 : operations },
  }));
}

function prepare({ corpus, params }, zlib) {
  return { ...params, inputs: slices(corpus.files, params.size, DIFFERENT), gzip: zlib.gzip };
}

/** Compresses `operations` payloads and gives each output to `take(output, input)`. */
function compressAll({ inputs, gzip, inFlight, operations }, take) {
  return new Promise((resolve, reject) => {
    let started = 0;
    let finished = 0;
    const next = () => {
      if (started === operations) return;
      const input = inputs[started++ % inputs.length];
      gzip(input, (error, output) => {
        if (error) return reject(error);
        take(output, input);
        if (++finished === operations) resolve();
        else next();
      });
    };
    for (let i = 0; i < inFlight; i++) next();
  });
}

async function verify(state) {
  await compressAll({ ...state, operations: DIFFERENT * 2 }, (output, input) => {
    assert.ok(nodeZlib.gunzipSync(output).equals(input), 'a payload does not come back');
  });
}

async function run(state) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = process.memoryUsage().rss;
  let bytes = 0;
  delay.enable();
  await compressAll(state, (output) => {
    bytes += output.length;
  });
  delay.disable();
  return {
    operations: state.operations,
    bytesIn: state.operations * state.size,
    sizes: { all: bytes },
    addedBytes: Math.max(0, peakBytes() - before),
    p50Ms: delay.percentile(50) / 1e6,
    p99Ms: delay.percentile(99) / 1e6,
  };
}

module.exports = {
  title: 'gzip() with a callback; p50 and p99 are of the delay of the event loop',
  tests,
  prepare,
  verify,
  run,
};
