// Who keeps a table by async_hooks, as tracers do, hears of the end of all that began.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

/** Runs `scene`; what it began has to be gone once it is over and collected. */
async function expectAllDestroyed(scene) {
  const watch = `
    const alive = new Map();
    let begun = 0;
    require('node:async_hooks').createHook({
      init(id, type) { if (type === 'ZLIB') { begun++; alive.set(id, type); } },
      destroy(id) { alive.delete(id); },
    }).enable();
    await (${scene})(zlib);
    for (let turn = 0; turn < 5000 && alive.size > 0; turn++) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    console.log(begun > 0, alive.size);`;
  const run = new Function('zlib', `return (async () => {${watch}})()`);
  const options = { execArgv: ['--expose-gc'] };
  const { code, stdout, stderr } = await runScene(run, null, options);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(stdout.toString(), 'true 0\n');
}

test('one-call functions of all sizes', () =>
  expectAllDestroyed(async (zlib) => {
    const { promisify } = require('node:util');
    for (const size of [100, 100_000, 1_000_000]) {
      const packed = await promisify(zlib.gzip)(Buffer.alloc(size, 'abc'));
      await promisify(zlib.gunzip)(packed);
      zlib.inflateSync(zlib.deflateSync(Buffer.alloc(size, 'abc')));
    }
  }));

test('streams that nobody closes', () =>
  expectAllDestroyed(async (zlib) => {
    for (let i = 0; i < 5; i++) {
      zlib.createGzip();
      zlib.createGzip().write('abc');
      zlib.createGunzip().write(zlib.gzipSync('abc'));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }));
