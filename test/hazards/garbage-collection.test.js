// The garbage collector runs while work is in flight, on objects that nobody holds any more.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

async function expectOutput(scene, expected) {
  const options = { execArgv: ['--expose-gc'] };
  const { code, signal, stdout, stderr } = await runScene(scene, null, options);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  assert.equal(stdout.toString(), expected);
}

test('streams dropped in the middle of a write', () =>
  expectOutput(async (zlib) => {
    const data = Buffer.alloc(400_000, 'some text to compress, ');
    const packed = require('node:zlib').gzipSync(data);
    for (let i = 0; i < 200; i++) {
      (() => {
        new zlib.Gzip().write(Buffer.from(data));
        new zlib.DeflateRaw({ level: 9 }).on('data', () => {}).write(Buffer.from(data));
        new zlib.Gunzip().on('data', () => {}).write(Buffer.from(packed));
      })();
      global.gc();
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    global.gc();
    process.stdout.write('survived');
  }, 'survived'));

test('inputs that nobody else holds', () =>
  expectOutput(
    async (zlib) => {
      const { createHash } = require('node:crypto');
      const results = [];
      for (let i = 0; i < 60; i++) {
        const done = new Promise((resolve) => {
          // The only reference to the input is the one given away here.
          zlib.gzip(Buffer.alloc(200_000, `input ${i} `), (_error, packed) => resolve(packed));
        });
        results.push(done);
        global.gc();
        // New memory where the old one may have been.
        Buffer.alloc(200_000, 0xff);
      }
      for (const [i, packed] of (await Promise.all(results)).entries()) {
        const plain = require('node:zlib').gunzipSync(packed);
        if (!plain.equals(Buffer.alloc(200_000, `input ${i} `))) throw new Error(`wrong: ${i}`);
      }
      process.stdout.write(createHash('sha1').update('right').digest('hex').slice(0, 4));
    },
    require('node:crypto').createHash('sha1').update('right').digest('hex').slice(0, 4),
  ));

test('written chunks that nobody else holds', () =>
  expectOutput(async (zlib) => {
    const node = require('node:zlib');
    const runs = Array.from({ length: 8 }, async (_, k) => {
      const gzip = new zlib.Gzip({ level: 1 + (k % 6) });
      const chunks = [];
      gzip.on('data', (chunk) => chunks.push(chunk));
      const expected = [];
      for (let i = 0; i < 40; i++) {
        const text = `${k}:${i} `.repeat(5000);
        expected.push(text);
        const more = gzip.write(Buffer.from(text));
        global.gc();
        if (!more) await new Promise((resolve) => gzip.once('drain', resolve));
      }
      gzip.end();
      await new Promise((resolve) => gzip.once('end', resolve));
      return node.gunzipSync(Buffer.concat(chunks)).toString() === expected.join('');
    });
    process.stdout.write(String(new Set(await Promise.all(runs)).has(false)));
  }, 'false'));

test('only a listener is held: the stream still ends', () =>
  expectOutput((zlib) => {
    let ended = 0;
    for (let i = 0; i < 30; i++) {
      const gzip = new zlib.Gzip();
      gzip.on('data', () => {});
      gzip.on('end', () => {
        if (++ended === 30) process.stdout.write('all ended');
      });
      gzip.end(Buffer.alloc(300_000, 'x'));
    }
    for (let i = 0; i < 5; i++) setImmediate(() => global.gc());
  }, 'all ended'));

test('buffers detached while they are compressed', () =>
  expectOutput(async (zlib) => {
    // What comes out is not said; the process must live, and the stream must end or fail.
    for (let i = 0; i < 30; i++) {
      const input = new Uint8Array(300_000).fill(i);
      await new Promise((resolve) => {
        zlib.gzip(input, resolve);
        structuredClone(input.buffer, { transfer: [input.buffer] });
      });
    }
    const plain = Buffer.alloc(1000, 'x');
    process.stdout.write(String(zlib.gunzipSync(zlib.gzipSync(plain)).equals(plain)));
  }, 'true'));

test('streams destroyed between the end of their request and its news', () =>
  expectOutput(async (zlib) => {
    const { randomBytes } = require('node:crypto');
    const large = randomBytes(3 << 20);
    const packed = require('node:zlib').gzipSync(randomBytes(30_000));
    let alive = 0;
    const registry = new FinalizationRegistry(() => alive--);
    const makeOne = async () => {
      const stream = zlib.createGunzip().on('data', () => {});
      registry.register(stream);
      alive++;
      stream.write(packed);
      await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
      zlib.gzipSync(large); // takes the completions of all
      stream.destroy();
    };
    for (let i = 0; i < 20; i++) {
      await makeOne();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    for (let i = 0; i < 2000 && alive > 1; i++) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.stdout.write(alive <= 1 ? 'collected' : `${alive} of 20 are alive`);
  }, 'collected'));
