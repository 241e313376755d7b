// V8 is told what streams hold outside of its heap: garbage with megabytes behind it would wait for
// long, because on the heap it is small.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const own = { skip: notForNode('it is about what only this package does') };
// What V8 is told may lag behind by that (kWorthTelling in native/addon/environment.cc).
const UNTOLD = 128 * 1024;
const LOAD = { streams: 50, size: 240_000 };

/** Streams of both directions with memory behind them, then closed. */
function openAndClose(zlib, { streams, size }) {
  const told = () => zlib.warpdrive.stats().bytesToldToV8;
  const packed = zlib.gzipSync(require('node:crypto').randomBytes(size));
  const open = Array.from({ length: streams }, () => {
    const stream = zlib.createGzip();
    stream.write(packed);
    return stream;
  });
  const held = told();
  for (const stream of open) stream.destroy();
  process.stdout.write(JSON.stringify({ held, left: told() }));
}

/** Streams that nobody refers to any more, collected; then another one is used. */
async function forget(zlib, { streams, size }) {
  const told = () => zlib.warpdrive.stats().bytesToldToV8;
  const data = require('node:crypto').randomBytes(size);
  const use = () => {
    const stream = zlib.createGzip();
    stream.write(data);
    return stream;
  };
  const held = (() => {
    const open = Array.from({ length: streams }, use);
    return told() * Math.sign(open.length); // they are alive until here
  })();
  let left = held;
  for (let round = 0; round < 1000 && left > size; round++) {
    global.gc();
    await new Promise(setImmediate);
    use().destroy();
    left = told();
  }
  process.stdout.write(JSON.stringify({ held, left }));
}

async function run(scene, ending = '') {
  const result = await runScene(scene, { ...LOAD, ending }, { execArgv: ['--expose-gc'] });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(String(result.stdout));
}

test('V8 knows what streams hold, and that closed ones hold nothing', own, async () => {
  const { held, left } = await run(openAndClose);
  assert.ok(held >= LOAD.streams * LOAD.size - UNTOLD, `${held} bytes for ${LOAD.streams} streams`);
  assert.ok(left <= UNTOLD, `${left} bytes are left`);
});

test('what forgotten streams held is taken off once they are collected', own, async () => {
  const { held, left } = await run(forget);
  assert.ok(held >= (LOAD.streams * LOAD.size) / 2, `${held} bytes for ${LOAD.streams} streams`);
  assert.ok(left <= LOAD.size, `${left} of ${held} bytes are left`);
});

/** Ends in one of several states, with streams alive, in flight and forgotten. */
function leave(zlib, { streams, size, ending }) {
  const data = require('node:crypto').randomBytes(size);
  const packed = zlib.gzipSync(data);
  const open = [];
  for (let i = 0; i < streams; i++) {
    const gzip = zlib.createGzip();
    gzip.write(data);
    if (i % 3 === 1) gzip.end(data).resume();
    const gunzip = zlib.createGunzip();
    gunzip.write(packed);
    if (i % 3 === 2) gunzip.resume();
    if (i % 2 === 0) open.push(gzip, gunzip);
  }
  process.on('exit', () => {
    if (ending !== 'natural') for (const stream of open.slice(0, 10)) stream.write(data);
    process.stdout.write(JSON.stringify({ told: zlib.warpdrive.stats().bytesToldToV8 }));
  });
  if (ending === 'exit') process.exit();
  if (ending === 'later') setImmediate(() => process.exit());
  if (ending === 'collected') {
    open.length = 0;
    global.gc();
    process.exit();
  }
}

for (const ending of ['natural', 'exit', 'later', 'collected']) {
  test(`a process that ends with told memory ends well: ${ending}`, own, async () => {
    const { told } = await run(leave, ending);
    assert.ok(told >= 0, `${told} bytes told`);
  });
}

/** The same in workers, which end while their streams work. */
async function terminate(zlib, { streams, size }) {
  const { Worker } = require('node:worker_threads');
  const source = `
    const zlib = require(require('node:worker_threads').workerData);
    const data = require('node:crypto').randomBytes(${size});
    globalThis.open = Array.from({ length: ${streams} }, () => zlib.createGzip());
    for (const stream of open) stream.write(data);
    require('node:worker_threads').parentPort.postMessage(zlib.warpdrive.stats().bytesToldToV8);
    setInterval(() => zlib.createGzip().write(data), 1);`;
  const subject = Object.keys(require.cache).find((file) => /dist.index\.js$/.test(file));
  const told = [];
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(source, { eval: true, workerData: subject });
    told.push(await new Promise((resolve) => worker.once('message', resolve)));
    await worker.terminate();
  }
  process.stdout.write(JSON.stringify({ told, own: zlib.warpdrive.stats().bytesToldToV8 }));
}

test("each thread's V8 is told of its own streams", own, async () => {
  const { told, own: main } = await run(terminate);
  assert.ok(
    told.every((bytes) => bytes >= (LOAD.streams * LOAD.size) / 2),
    `${told}`,
  );
  assert.equal(main, 0);
});
