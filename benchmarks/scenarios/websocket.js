// Like a WebSocket with permessage-deflate and context take-over: one raw deflate stream, flushed
// after each message of 300 bytes; the next message is written when the last one is out.

const assert = require('node:assert/strict');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const MESSAGE_BYTES = 300;
const DIFFERENT = 2000;

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => ['json', 'log'].includes(name));
  return (chosen.length > 0 ? chosen : corpora.slice(0, 1)).map((corpus) => ({
    name: 'flush after each 300 bytes',
    corpus,
    params: { messages: quick ? 4000 : 16000 },
  }));
}

function prepare({ corpus, params }, zlib) {
  return {
    ...params,
    inputs: slices(corpus.files, MESSAGE_BYTES, DIFFERENT),
    create: () => zlib.createDeflateRaw(),
  };
}

/** Sends `messages` messages and gives every chunk of output to `take`. */
function send({ create, inputs, messages }, take) {
  return new Promise((resolve, reject) => {
    const deflate = create();
    let sent = 0;
    const next = () => {
      if (sent === messages) {
        deflate.close();
        return resolve();
      }
      deflate.write(inputs[sent++ % inputs.length]);
      deflate.flush(nodeZlib.constants.Z_SYNC_FLUSH, next);
    };
    deflate.on('error', reject);
    deflate.on('data', take);
    next();
  });
}

async function verify(state) {
  const chunks = [];
  await send({ ...state, messages: DIFFERENT }, (chunk) => chunks.push(chunk));
  const decoded = nodeZlib.inflateRawSync(Buffer.concat(chunks), {
    finishFlush: nodeZlib.constants.Z_SYNC_FLUSH,
  });
  assert.ok(decoded.equals(Buffer.concat(state.inputs)), 'the messages do not come back');
}

async function run(state) {
  let bytes = 0;
  await send(state, (chunk) => {
    bytes += chunk.length;
  });
  return {
    operations: state.messages,
    bytesIn: state.messages * MESSAGE_BYTES,
    sizes: { all: bytes },
  };
}

module.exports = { title: 'WebSocket-like messages', tests, prepare, verify, run };
