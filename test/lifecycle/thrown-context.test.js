// Who handles what a listener or a callback threw is in the asynchronous context of that: the store
// of AsyncLocalStorage, and the domain, are those of the call, whatever else was ready with it.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

function throwEverywhere(zlib) {
  const domain = require('node:domain');
  const { AsyncLocalStorage } = require('node:async_hooks');
  const { gzipSync } = require('node:zlib');
  const storage = new AsyncLocalStorage();
  const handled = [];
  process.on('uncaughtException', ({ message }) =>
    handled.push(`${message}: ${storage.getStore()}`),
  );
  process.on('exit', () => console.log(handled.sort().join('\n')));
  const boom = (message) => () => {
    throw new Error(message);
  };
  const large = Buffer.alloc(400_000, 'text ');
  const scenes = (name) => {
    zlib.gzip('abc', boom(`${name}, gzip`));
    zlib.gzip(large, boom(`${name}, gzip of much`));
    zlib.gunzip(gzipSync(large), boom(`${name}, gunzip`));
    zlib.gunzip('damaged', boom(`${name}, damaged`));
    const gzip = zlib.createGzip().on('data', boom(`${name}, data`));
    gzip.end('abc');
    zlib
      .createGunzip()
      .resume()
      .write(gzipSync('abc'), boom(`${name}, write`));
    zlib
      .createGzip()
      .resume()
      .flush(boom(`${name}, flush`));
  };
  for (const name of ['first', 'second']) storage.run(name, scenes, name);
  const own = domain.create();
  own.on('error', ({ message }) => handled.push(`${message}: domain`));
  own.run(scenes, 'third');
}

test('what callbacks and listeners throw is handled in their context', async () => {
  const results = [];
  for (const options of [{ zlib: 'node:zlib' }, {}]) {
    const { code, stdout, stderr } = await runScene(throwEverywhere, null, options);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    results.push(stdout.toString().split('\n'));
  }
  const [theirs, ours] = results;
  assert.deepEqual(ours, theirs);
  assert.equal(theirs.filter((line) => line.endsWith('domain')).length, 7);
});
