// Streams that nobody holds any more, with work in flight: they are collected, their work comes to
// an end, and what it held is given back.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');
const { CLASSES } = require('../support/formats');
const { isNode } = require('../support/subject');

// A scene runs in a process of its own.
async function abandon(zlib, { Class, isNode: nodeIsSubject }) {
  const node = require('node:zlib');
  const plain = Buffer.alloc(1_500_000, `some text of ${Class} to work on, `);
  const pack = { Inflate: 'deflateSync', InflateRaw: 'deflateRawSync' }[Class] ?? 'gzipSync';
  const input = /^(In|Gun|Un)/.test(Class) ? node[pack](plain) : plain;
  const acts = [
    (stream) => stream.write(input),
    (stream) => stream.resume().write(input),
    (stream) => stream.resume().end(input),
    (stream) => stream.resume().flush(2, () => {}),
    (stream) => stream.write(input) || stream.destroy(),
    (stream) => stream.write(input) || stream.close(() => {}),
    (stream) => stream.resume().write(input) || stream.params(1, 0, () => {}),
    (stream) =>
      stream[Symbol.asyncIterator]()
        .next()
        .catch(() => {}) && stream.write(input),
  ];
  const references = [];
  const make = (act) => {
    const stream = new zlib[Class]();
    act(stream);
    references.push(new WeakRef(stream));
  };
  for (let i = 0; i < 5; i++) for (const act of acts) make(act);
  const look = () => {
    const alive = references.filter((reference) => reference.deref()).length;
    if (nodeIsSubject) return [alive];
    const { outstanding, poolBytesInUse } = zlib.warpdrive.stats();
    return [alive, outstanding, poolBytesInUse];
  };
  for (let i = 0; i < 4000 && look().some((count) => count > 0); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    global.gc();
  }
  process.stdout.write(JSON.stringify(look()));
}

test('abandoned in the middle of work, they are collected', async () => {
  for (const Class of CLASSES) {
    const options = { execArgv: ['--expose-gc'] };
    const argument = { Class, isNode };
    const { code, signal, stdout, stderr } = await runScene(abandon, argument, options);
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, Class);
    assert.deepEqual(
      JSON.parse(stdout),
      isNode ? [0] : [0, 0, 0],
      `${Class}: streams, requests, bytes`,
    );
  }
});
