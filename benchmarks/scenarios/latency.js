// One call after the other, by size of payload: how long a caller waits for gzip() and gzipSync().

const assert = require('node:assert/strict');
const { createHistogram } = require('node:perf_hooks');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const KiB = 1 << 10;
const SIZES = [64, 256, 1 * KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, 1024 * KiB, 4096 * KiB];
const BYTES_PER_RUN = 8 << 20;
const DIFFERENT = 16;

function name(form, size) {
  return `${form} ${size < KiB ? `${size} B` : `${size / KiB} KiB`}`;
}

function tests({ corpora, quick }) {
  const corpus = corpora.find(({ name }) => name === 'json') ?? corpora[0];
  const sizes = quick ? SIZES.filter((_, index) => index % 2 === 0) : SIZES;
  return ['gzip', 'gzipSync'].flatMap((form) =>
    sizes.map((size) => {
      const operations = Math.min(2000, Math.max(8, BYTES_PER_RUN / size));
      const params = { form, size, operations: quick ? Math.ceil(operations / 4) : operations };
      return { name: name(form, size), corpus, params };
    }),
  );
}

function prepare({ corpus, params }, zlib) {
  const form = zlib[params.form];
  const call =
    params.form === 'gzipSync'
      ? async (input) => form(input)
      : (input) =>
          new Promise((resolve, reject) =>
            form(input, (error, output) => (error ? reject(error) : resolve(output))),
          );
  return { ...params, inputs: slices(corpus.files, params.size, DIFFERENT), call };
}

async function verify({ inputs, call }) {
  for (const [index, input] of inputs.entries()) {
    const decoded = nodeZlib.gunzipSync(await call(input));
    assert.ok(decoded.equals(input), `payload ${index} does not come back`);
  }
}

async function run({ inputs, call, size, operations }) {
  const histogram = createHistogram();
  let bytes = 0;
  for (let i = 0; i < operations; i++) {
    const start = process.hrtime.bigint();
    const output = await call(inputs[i % inputs.length]);
    histogram.record(process.hrtime.bigint() - start);
    bytes += output.length;
  }
  return {
    operations,
    bytesIn: operations * size,
    sizes: { all: bytes },
    p50Ms: histogram.percentile(50) / 1e6,
    p99Ms: histogram.percentile(99) / 1e6,
  };
}

module.exports = {
  title: 'Latency by size of payload, one call after the other',
  rounds: { atMost: 5, seconds: 1 },
  tests,
  prepare,
  verify,
  run,
};
