// The preload: everybody's zlib is this package's, however it is loaded and asked for.

const assert = require('node:assert/strict');
const { join, resolve } = require('node:path');
const { pathToFileURL } = require('node:url');
const { runProgram } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const root = resolve(__dirname, '../..');
const register = join(root, 'dist/register.js');
const skip = notForNode('the preload is tested');
const worker = join(__dirname, 'worker.js');
const WAYS = {
  '-r': ['-r', register],
  '--import': ['--import', pathToFileURL(register).href],
  'by name, -r': ['-r', 'warpdrive-zlib/register'],
  'by name, --import': ['--import', 'warpdrive-zlib/register'],
};

/** Runs a script in a new Node process inside the package's folder; gives what it printed as JSON. */
async function evaluate(args, script, env = {}) {
  const options = { cwd: root, env: { NODE_TEST_CONTEXT: '', ...env } };
  const { code, stdout, stderr } = await runProgram(
    process.execPath,
    [...args, '-e', script],
    options,
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.toString());
}

const module_ = ['--input-type=module'];

for (const [way, args] of Object.entries(WAYS)) {
  test(`${way}: require of zlib and node:zlib`, { skip }, async () => {
    const script = `
      const ours = require('.');
      const zlibs = [require('zlib'), require('node:zlib')];
      const names = ['Gzip', 'createGzip', 'gzip', 'gzipSync', 'gunzipSync', 'crc32', 'Unzip'];
      const before = ours.warpdrive.stats().inlineRequests;
      const back = zlibs[0].gunzipSync(zlibs[1].gzipSync('preloaded')).toString();
      const same = names.map((name) => zlibs.every((zlib) => zlib[name] === ours[name]));
      console.log(JSON.stringify([same, back, ours.warpdrive.stats().inlineRequests - before]));
    `;
    // crc32 is not in every Node 20.
    assert.deepEqual(await evaluate(args, script), [Array(7).fill(true), 'preloaded', 2]);
  });

  test(`${way}: import of zlib, default, named and all`, { skip }, async () => {
    const script = `
      import ours from 'warpdrive-zlib';
      import zlib, { createGzip, Gunzip } from 'zlib';
      import * as all from 'node:zlib';
      console.log(JSON.stringify([zlib.gzip === ours.gzip, createGzip === ours.createGzip,
        Gunzip === ours.Gunzip, all.deflateRaw === ours.deflateRaw, all.default === zlib]));
    `;
    assert.deepEqual(await evaluate([...args, ...module_], script), Array(5).fill(true));
  });

  test(`${way}: worker threads`, { skip }, async () => {
    // From a file: with --import Node runs `eval` workers before their preload.
    const script = `
      const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(worker)}).on('message', (m) => console.log(JSON.stringify(m)));
    `;
    assert.deepEqual(await evaluate(args, script), ['far', 2]);
  });
}

test('modules loaded before and live bindings get it and lose it again', { skip }, async () => {
  const script = `
    import { createRequire } from 'node:module';
    import zlib, { gzipSync } from 'node:zlib';
    const require = createRequire(import.meta.url);
    const node = zlib.gzipSync;
    const { register, unregister } = require('warpdrive-zlib/register');
    const seen = [gzipSync !== node, zlib.gzipSync === gzipSync, 'warpdrive' in zlib];
    unregister();
    seen.push(gzipSync === node, zlib.gzipSync === node, !('warpdrive' in zlib));
    unregister();
    register();
    register();
    seen.push(gzipSync !== node, zlib.gzipSync === gzipSync);
    unregister();
    seen.push(gzipSync === node);
    console.log(JSON.stringify(seen));
  `;
  assert.deepEqual(await evaluate(module_, script), Array(9).fill(true));
});

test('unregister leaves node:zlib exactly as it was', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    const shape = () => JSON.stringify(Reflect.ownKeys(zlib).map((key) => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(zlib, key);
      return [String(key), typeof value, flags];
    }));
    const before = shape();
    const values = { ...zlib };
    const { unregister } = require('warpdrive-zlib/register');
    unregister();
    const same = Object.keys(values).every((name) => zlib[name] === values[name]);
    console.log(JSON.stringify([before === shape(), same]));
  `;
  assert.deepEqual(await evaluate([], script), [true, true]);
});

test('what others put into zlib meanwhile stays', { skip }, async () => {
  const script = `
    const { unregister } = require('warpdrive-zlib/register');
    const zlib = require('zlib');
    const mine = (zlib.gzipSync = () => 'mine');
    unregister();
    console.log(JSON.stringify([zlib.gzipSync === mine, zlib.gunzipSync === require('.').gunzipSync]));
  `;
  assert.deepEqual(await evaluate([], script), [true, false]);
});

test('property flags are those of node:zlib', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    const flags = () => Object.fromEntries(Object.keys(zlib).map((name) => {
      const { configurable, enumerable, writable } = Object.getOwnPropertyDescriptor(zlib, name);
      return [name, [configurable, enumerable, writable]];
    }));
    const before = flags();
    require('warpdrive-zlib/register');
    console.log(JSON.stringify([before, flags()]));
  `;
  const [before, after] = await evaluate([], script);
  assert.deepEqual(after, before);
});

test('two keys more that are not enumerable, and no others', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    const registered = [Reflect.ownKeys(zlib).map(String), Object.keys(zlib)];
    require('./dist/register.js').unregister();
    console.log(JSON.stringify([registered, [Reflect.ownKeys(zlib).map(String), Object.keys(zlib)]]));`;
  const [[all, listed], [ownAll, ownListed]] = await evaluate(WAYS['-r'], script);
  assert.deepEqual(listed, ownListed);
  assert.deepEqual(
    all.toSorted(),
    [...ownAll, 'Symbol(warpdrive-zlib.original)', 'warpdrive'].toSorted(),
  );
});

test("a second copy of the package takes Node's own functions for its own", { skip }, async () => {
  const script = `
    const { register, unregister } = require('warpdrive-zlib/register');
    const node = (unregister(), require('zlib').gzipSync);
    register();
    for (const file of Object.keys(require.cache)) {
      if (file.endsWith('.js')) delete require.cache[file];
    }
    const second = require('warpdrive-zlib/register');
    const other = require('warpdrive-zlib');
    let error;
    try { other.gzipSync(1) } catch (thrown) { error = thrown.code }
    const works = String(require('zlib').gunzipSync(other.gzipSync('twice')));
    second.unregister();
    console.log(JSON.stringify([error, works, require('zlib').gzipSync === node]));
  `;
  assert.deepEqual(await evaluate([], script), ['ERR_INVALID_ARG_TYPE', 'twice', true]);
});

test('patches that were there before stay, or come back', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    require('warpdrive-zlib');
    const brotli = (zlib.brotliCompressSync = () => 'theirs');
    const gunzip = (zlib.gunzipSync = () => 'theirs too');
    const { unregister } = require('warpdrive-zlib/register');
    const seen = [zlib.brotliCompressSync === brotli, zlib.gunzipSync === gunzip];
    unregister();
    seen.push(zlib.brotliCompressSync === brotli, zlib.gunzipSync === gunzip);
    console.log(JSON.stringify(seen));
  `;
  assert.deepEqual(await evaluate([], script), [true, false, true, true]);
});

test('an accessor that was there before comes back', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    const { gzip } = zlib;
    const accessor = { get: () => gzip, set() {}, configurable: true, enumerable: true };
    Object.defineProperty(zlib, 'gzip', accessor);
    const { unregister } = require('warpdrive-zlib/register');
    const seen = [zlib.gzip === require('warpdrive-zlib').gzip];
    unregister();
    seen.push(Object.getOwnPropertyDescriptor(zlib, 'gzip').get === accessor.get);
    console.log(JSON.stringify(seen));
  `;
  assert.deepEqual(await evaluate([], script), [true, true]);
});
