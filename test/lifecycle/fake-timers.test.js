// Test suites put fake timers in the place of setImmediate(): what they test compresses all the same.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

test('streams and functions work while nobody runs what setImmediate() is given', async () => {
  const { code, stdout, stderr } = await runScene((zlib) => {
    const node = require('node:zlib');
    const timers = require('node:timers');
    globalThis.setImmediate = timers.setImmediate = () => {};
    const plain = Buffer.alloc(300_000, 'some text, ');
    const damaged = node.gzipSync(require('node:crypto').randomBytes(50_000));
    damaged[30_000] ^= 255;
    const scenes = {
      oneCall: (done) => zlib.gzip(plain, done),
      badOneCall: (done) => zlib.gunzip(Buffer.alloc(100, 3), () => done()),
      flush: (done) => {
        const gzip = zlib.createGzip().resume().on('end', done);
        gzip.write('abc');
        gzip.flush(() => gzip.end('def'));
      },
      header: (done) =>
        zlib
          .createGzip()
          .once('data', () => done())
          .write('abc'),
      destroyed: (done) => {
        const gzip = zlib.createGzip().on('error', () => {});
        gzip.write(Buffer.alloc(2_000_000), () => done());
        gzip.destroy();
      },
      damaged: (done) => {
        const gunzip = zlib.createGunzip().on('error', () => done());
        gunzip.resume().end(damaged);
      },
    };
    const waiting = new Set(Object.keys(scenes));
    process.on('exit', () => console.log(`missing: ${[...waiting]}`));
    for (const [name, run] of Object.entries(scenes)) run(() => waiting.delete(name));
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(stdout.toString(), 'missing: \n');
});
