// A worker thread ends at any moment of its streams' lives, in each way there is.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');
const { CLASSES } = require('../support/formats');
const { subjectPath } = require('../support/subject');

const ROUNDS = 3;

/** What runs in the worker: every class in the middle of every operation. */
function work({ zlib, node, classes, parentPort }) {
  const plain = Buffer.alloc(1_000_000, 'what a worker leaves behind, ');
  const packed = {
    Inflate: node.deflateSync(plain),
    InflateRaw: node.deflateRawSync(plain),
    Gunzip: node.gzipSync(plain),
    Unzip: node.gzipSync(plain),
  };
  const acts = [
    (stream, input) => stream.write(input, () => {}),
    (stream, input) => stream.write(input) || stream.flush(() => {}),
    (stream, input) => stream.write(input) || stream.params(1, 0, () => {}),
    (stream, input) => stream.write(input) || stream.destroy(),
    (stream, input) => stream.end(input, () => {}).pause(),
    (stream) => stream.on('error', () => {}).end('neither this nor that'),
    (stream, input) => {
      stream.write(input);
      return (async () => {
        for await (const chunk of stream) if (chunk) return;
      })().catch(() => {});
    },
  ];
  for (const Class of classes) {
    for (const act of acts) act(new zlib[Class]().resume(), packed[Class] ?? plain);
  }
  parentPort.postMessage('busy');
}

const ENDS = {
  'process.exit()': ['setTimeout(() => process.exit(3), delay);', [3]],
  'process.exit() at once': ['process.exit(3);', [3]],
  'an uncaught error': ['setTimeout(() => { throw new Error("on purpose"); }, delay);', [1]],
  // Until then it stays, however long that takes.
  'terminate()': ['setInterval(() => {}, 1000);', [1]],
  // It ends by itself: what is left open does not keep it.
  'nothing left to do': ['', [0]],
};

async function scene(_zlib, { source, rounds, terminate }) {
  const { Worker } = require('node:worker_threads');
  const codes = new Set();
  for (let delay = 0; delay < rounds; delay++) {
    const worker = new Worker(source, { eval: true, workerData: { delay } });
    worker.on('error', () => {});
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    if (terminate) {
      await new Promise((resolve) => worker.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      worker.terminate();
    }
    codes.add(await exit);
  }
  process.stdout.write(JSON.stringify([...codes]));
}

for (const [title, [end, codes]] of Object.entries(ENDS)) {
  test(`a thread ends with streams in all states: ${title}`, async () => {
    const source = `
      const { parentPort, workerData: { delay } } = require('node:worker_threads');
      const zlib = require(${JSON.stringify(subjectPath)});
      const node = require('node:zlib');
      const classes = ${JSON.stringify(CLASSES)};
      (${work})({ zlib, node, classes, parentPort });
      ${end}`;
    const argument = { source, rounds: ROUNDS, terminate: title === 'terminate()' };
    const { code, signal, stdout, stderr } = await runScene(scene, argument);
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    assert.deepEqual(JSON.parse(stdout), codes);
  });
}
