// gzipSync of large payloads: all cores may work for the waiting caller.

const assert = require('node:assert/strict');
const nodeZlib = require('node:zlib');
const { mixture } = require('../corpus/corpora.js');

const MiB = 1 << 20;
const CORPORA = ['silesia', 'json', 'html', 'log'];

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => CORPORA.includes(name) || corpora.length === 1);
  return [1, 16].flatMap((mebibytes) =>
    chosen.map((corpus) => ({
      name: `gzipSync ${mebibytes} MiB`,
      corpus,
      params: {
        form: 'gzipSync',
        size: mebibytes * MiB,
        operations: quick ? 1 : Math.max(1, 8 / mebibytes),
      },
    })),
  );
}

const peers = ['pako', 'fflate'];

function prepare({ corpus, params }, zlib) {
  return { ...params, input: mixture(corpus.files, params.size), call: zlib.gzipSync };
}

const compress = ({ call, input }) => call(input, { level: 6 });

function verify(state) {
  assert.ok(
    nodeZlib.gunzipSync(compress(state)).equals(state.input),
    'the input does not come back',
  );
}

function run(state) {
  let bytes = 0;
  for (let i = 0; i < state.operations; i++) bytes += compress(state).length;
  return {
    operations: state.operations,
    bytesIn: state.operations * state.size,
    sizes: { all: bytes },
  };
}

module.exports = {
  title: 'One synchronous call on a large payload, level 6',
  rate: 'bytes',
  tests,
  peers,
  prepare,
  verify,
  run,
};
