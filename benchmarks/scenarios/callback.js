// gzip() with a callback: 64 in flight all the time, 16 KiB of JSON each, while the event loop's
// delay is sampled every millisecond.

const assert = require('node:assert/strict');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const IN_FLIGHT = 64;
const SIZE = 16 << 10;

function tests({ corpora, quick }) {
  const corpus = corpora.find(({ name }) => name === 'json') ?? corpora[0];
  const params = { size: SIZE, inFlight: IN_FLIGHT, operations: quick ? 1000 : 4000 };
  return [{ name: `gzip() ${IN_FLIGHT} in flight`, corpus, params }];
}

function prepare({ corpus, params }, zlib) {
  return { ...params, inputs: slices(corpus.files, SIZE, IN_FLIGHT), gzip: zlib.gzip };
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
  await compressAll({ ...state, operations: IN_FLIGHT * 2 }, (output, input) => {
    assert.ok(nodeZlib.gunzipSync(output).equals(input), 'a payload does not come back');
  });
}

async function run(state) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let bytes = 0;
  delay.enable();
  await compressAll(state, (output) => {
    bytes += output.length;
  });
  delay.disable();
  return {
    operations: state.operations,
    bytesIn: state.operations * SIZE,
    sizes: { all: bytes },
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
