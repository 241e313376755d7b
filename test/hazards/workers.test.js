// worker_threads: use in several, and ends of all kinds with work in flight.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { subjectPath } = require('../support/subject');
const { test } = require('../support/bounded');

/** Runs a scene that prints what `expected` says, in a process of its own. */
async function expectOutput(scene, expected) {
  const { code, signal, stdout, stderr } = await runScene(scene, { subjectPath });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  assert.equal(stdout.toString(), expected);
}

test('round trips in four workers and the main thread at the same time', () =>
  expectOutput((zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const work = async (subject) => {
      const assertEqual = require('node:assert/strict').equal;
      const { promisify } = require('node:util');
      for (let i = 0; i < 20; i++) {
        const plain = Buffer.alloc(10_000 * (i + 1), `text ${i} `);
        const packed = await promisify(subject.gzip)(plain, { level: 1 + (i % 6) });
        const gunzip = subject.createGunzip();
        gunzip.end(packed);
        const chunks = [];
        for await (const chunk of gunzip) chunks.push(chunk);
        assertEqual(Buffer.concat(chunks).equals(plain), true);
        assertEqual(subject.inflateSync(subject.deflateSync(plain)).equals(plain), true);
      }
    };
    const source = `(${work})(require(${JSON.stringify(path)}))`;
    const ends = Array.from(
      { length: 4 },
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(source, { eval: true });
          worker.on('error', reject);
          worker.on('exit', resolve);
        }),
    );
    Promise.all([...ends, work(zlib)]).then((codes) => process.stdout.write(String(codes)));
  }, '0,0,0,0,'));

test('terminate() in the middle of work', () =>
  expectOutput(async (zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      const { parentPort } = require('node:worker_threads');
      const go = () => {
        const gzip = zlib.createGzip();
        gzip.on('data', () => {});
        gzip.write(Buffer.alloc(3_000_000, 'abc'));
        zlib.gzip(Buffer.alloc(1_000_000, 'x'), go);
        zlib.gunzip(zlib.gzipSync(Buffer.alloc(1_000_000)), () => {});
      };
      for (let i = 0; i < 5; i++) go();
      parentPort.postMessage('busy');`;
    for (let i = 0; i < 15; i++) {
      const worker = new Worker(source, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      if (i % 3) await new Promise((resolve) => setTimeout(resolve, i));
      await worker.terminate();
    }
    const plain = Buffer.alloc(2_000_000, 'after');
    zlib.gzip(plain, (error, packed) => {
      process.stdout.write(String(!error && zlib.gunzipSync(packed).equals(plain)));
    });
  }, 'true'));

test('process.exit() in a worker with work in flight', () =>
  expectOutput(async (_zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      for (let i = 0; i < 10; i++) zlib.gzip(Buffer.alloc(1_000_000, String(i)), () => {});
      const gzip = zlib.createGzip();
      gzip.end(Buffer.alloc(3_000_000, 'x'));
      gzip.on('data', () => {});
      setImmediate(() => process.exit(3));`;
    const codes = [];
    for (let i = 0; i < 10; i++) {
      const worker = new Worker(source, { eval: true });
      codes.push(await new Promise((resolve) => worker.once('exit', resolve)));
    }
    process.stdout.write(String(new Set(codes).size === 1 && codes[0] === 3));
  }, 'true'));

test('an uncaught error in a worker with work in flight', () =>
  expectOutput(async (_zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      for (let i = 0; i < 10; i++) zlib.gzip(Buffer.alloc(1_000_000, String(i)), () => {});
      zlib.createGunzip().end(zlib.gzipSync(Buffer.alloc(9_000_000)));
      setImmediate(() => { throw new Error('on purpose'); });`;
    const seen = [];
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(source, { eval: true });
      worker.on('error', (error) => seen.push(error.message));
      seen.push(await new Promise((resolve) => worker.once('exit', resolve)));
    }
    process.stdout.write(String(seen));
  }, Array(5).fill('on purpose,1').join()));

test('a worker whose script ends waits for its callbacks', () =>
  expectOutput(
    (_zlib, { subjectPath: path }) => {
      const { Worker } = require('node:worker_threads');
      const source = `
      const zlib = require(${JSON.stringify(path)});
      const { parentPort } = require('node:worker_threads');
      for (let i = 0; i < 5; i++) {
        zlib.gzip(Buffer.alloc(500_000, 'x'), (error, packed) => {
          parentPort.postMessage(zlib.gunzipSync(packed).length);
        });
      }`;
      const worker = new Worker(source, { eval: true });
      const seen = [];
      worker.on('message', (length) => seen.push(length));
      worker.on('exit', (code) => process.stdout.write(`${seen} ${code}`));
    },
    `${Array(5).fill(500_000).join()} 0`,
  ));

test('a worker that leaves an open stream ends', () =>
  expectOutput((_zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      const gzip = zlib.createGzip();
      gzip.on('data', () => {});
      gzip.write(Buffer.alloc(3_000_000, 'x'));`;
    const worker = new Worker(source, { eval: true });
    worker.on('exit', (code) => process.stdout.write(String(code)));
  }, '0'));

test('process.exit() of the main thread with busy workers', async () => {
  const scene = (_zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      const { parentPort } = require('node:worker_threads');
      const go = () => zlib.gzip(Buffer.alloc(1_000_000, 'x'), go);
      for (let i = 0; i < 5; i++) go();
      parentPort.postMessage('busy');`;
    let busy = 0;
    for (let i = 0; i < 3; i++) {
      new Worker(source, { eval: true }).on('message', () => {
        if (++busy === 3) process.exit(7);
      });
    }
  };
  for (let i = 0; i < 5; i++) {
    const { code, signal, stderr } = await runScene(scene, { subjectPath });
    assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
  }
});

test('loaded in worker threads alone: the process outlives them', async () => {
  const scene = async (_node, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      zlib.gzip(Buffer.alloc(3_000_000, 'x'), () => {});`;
    const codes = [];
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(source, { eval: true });
      codes.push(await new Promise((resolve) => worker.on('exit', resolve)));
      // The device's threads go from spinning to sleeping, and are woken by the next worker.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.stdout.write(String(codes));
  };
  const options = { zlib: 'node:zlib' };
  const { code, signal, stdout, stderr } = await runScene(scene, { subjectPath }, options);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  assert.equal(stdout.toString(), '0,0,0');
});

test('memory that comes from another thread', () =>
  expectOutput((zlib, { subjectPath: path }) => {
    const { Worker } = require('node:worker_threads');
    const source = `
      const zlib = require(${JSON.stringify(path)});
      const { parentPort } = require('node:worker_threads');
      const packed = zlib.gzipSync(Buffer.alloc(500_000, 'shared'));
      const own = packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length);
      parentPort.postMessage(own, [own]);`;
    new Worker(source, { eval: true }).on('message', (packed) => {
      zlib.gunzip(packed, (error, plain) => process.stdout.write(String(error ?? plain.length)));
    });
  }, '500000'));
