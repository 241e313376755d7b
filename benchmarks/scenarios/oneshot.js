// gzipSync and gunzipSync of small payloads, many different ones in turn.

const assert = require('node:assert/strict');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const KiB = 1 << 10;
const SIZES = [
  { size: KiB, different: 256, operations: 4096 },
  { size: 16 * KiB, different: 64, operations: 768 },
];
const CORPORA = ['silesia', 'json', 'html', 'log'];

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => CORPORA.includes(name) || corpora.length === 1);
  return SIZES.flatMap(({ size, different, operations }) =>
    ['gzipSync', 'gunzipSync'].flatMap((form) =>
      chosen.map((corpus) => ({
        name: `${form} ${size / KiB} KiB`,
        corpus,
        params: { form, size, different, operations: quick ? operations / 4 : operations },
      })),
    ),
  );
}

const peers = ['pako', 'fflate'];

function prepare({ corpus, params }, zlib) {
  const plain = slices(corpus.files, params.size, params.different);
  const inputs =
    params.form === 'gzipSync' ? plain : plain.map((piece) => nodeZlib.gzipSync(piece));
  return { ...params, plain, inputs, call: zlib[params.form] };
}

function verify({ form, plain, inputs, call }) {
  for (const [index, input] of inputs.entries()) {
    const output = call(input);
    const decoded = form === 'gzipSync' ? nodeZlib.gunzipSync(output) : output;
    assert.ok(plain[index].equals(decoded), `payload ${index} of ${form} does not come back`);
  }
}

function run({ form, size, inputs, operations, call }) {
  let bytes = 0;
  for (let i = 0; i < operations; i++) bytes += call(inputs[i % inputs.length]).length;
  const sizes = form === 'gzipSync' ? { all: bytes } : undefined;
  return { operations, bytesIn: operations * size, sizes };
}

module.exports = { title: 'One synchronous call per payload', tests, peers, prepare, verify, run };
