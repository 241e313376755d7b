// Programs that hold, wrap, replace and inherit from what zlib exports, some of them from before
// the preload's time.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('../support/bounded');
const { runProgram, runScene } = require('../support/child');
const { notForNode } = require('../support/subject');
const { sameWithPreload } = require('./support/client');

const SCENE = path.join(__dirname, 'scenes/preload-users.js');
const REGISTER = path.resolve(__dirname, '../../dist/register.js');
const skip = notForNode('it has no preload');

const run = (preload, ...names) => sameWithPreload(SCENE, names, { preload });

/** What a program printed as JSON. */
function printed({ code, signal, stdout, stderr }) {
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

for (const preload of ['require', 'import']) {
  test(`shape of the exports; functions held, bound, promisified (${preload})`, async () => {
    const { held } = await run(preload, 'shape', 'held');
    assert.ok(held.gzip.every(Boolean));
  });
}

test('subclasses of every making', async () => {
  const { inherited } = await run('require', 'inherited');
  for (const [same] of Object.values(inherited)) assert.ok(same);
});

test('monkey patches, mocks and tracers', () => run('require', 'replaced', 'mocked', 'context'));

test('a CommonJS module that was loaded before register()', { skip }, async () => {
  const scene = (zlib, { register: file }) => {
    const { createGzip, gzipSync, Gzip } = zlib;
    const stream = zlib.createGzip();
    const early = { ...zlib };
    const keys = Reflect.ownKeys(zlib).length;
    class Early extends Gzip {}
    const { register, unregister } = require(file);
    const { warpdrive } = zlib;
    const work = (call) => {
      const before = warpdrive.stats().inlineRequests + warpdrive.stats().requests;
      call();
      return warpdrive.stats().inlineRequests + warpdrive.stats().requests > before;
    };
    const told = {
      same: ['zlib', 'node:zlib'].every((name) => require(name) === zlib),
      throughTheObject: work(() => zlib.gzipSync('x')),
      heldFunction: work(() => gzipSync('x')),
      heldWorks: zlib.gunzipSync(gzipSync('x')).toString(),
      kinds: [
        stream instanceof Gzip,
        createGzip() instanceof Gzip,
        zlib.createGzip() instanceof zlib.Gzip,
        new Early() instanceof Gzip,
      ],
    };
    unregister();
    told.restored = Object.keys(early).filter((name) => zlib[name] !== early[name]);
    told.gone = ['warpdrive' in zlib, Reflect.ownKeys(zlib).length - keys];
    register();
    told.again = work(() => zlib.gzipSync('x'));
    zlib.gzipSync = () => 'patched';
    unregister();
    told.patchKept = zlib.gzipSync();
    console.log(JSON.stringify(told));
  };
  const told = printed(await runScene(scene, { register: REGISTER }, { zlib: 'node:zlib' }));
  assert.deepEqual(told, {
    same: true,
    throughTheObject: true,
    heldFunction: false,
    heldWorks: 'x',
    kinds: [true, true, true, true],
    restored: [],
    gone: [false, 0],
    again: true,
    patchKept: 'patched',
  });
});

const EARLY_MODULE = `
  import zlib, { createGzip, gzipSync } from 'zlib';
  import * as all from 'node:zlib';
  const first = { createGzip, gzipSync, Gunzip: all.Gunzip };
  globalThis.look = () => {
    const now = { createGzip, gzipSync, Gunzip: all.Gunzip };
    return Object.keys(now).map((name) => [now[name] === zlib[name], now[name] === first[name]]);
  };
  globalThis.pack = (text) => gzipSync(text);
`;

test('an ES module that was loaded before: its bindings are live', { skip }, async () => {
  const early = `data:text/javascript,${encodeURIComponent(EARLY_MODULE)}`;
  const program = `
    const { unregister } = require(${JSON.stringify(REGISTER)});
    const zlib = require('zlib');
    const { requests, inlineRequests } = zlib.warpdrive.stats();
    const packed = pack('text');
    const after = zlib.warpdrive.stats();
    const work = after.requests + after.inlineRequests - requests - inlineRequests;
    const told = { during: look(), work: work > 0, text: String(zlib.gunzipSync(packed)) };
    unregister();
    console.log(JSON.stringify({ ...told, after: look() }));`;
  for (const preload of [[], ['--import', REGISTER]]) {
    const argv = ['--import', early, ...preload, '-e', program];
    const child = await runProgram(process.execPath, argv, { env: { NODE_TEST_CONTEXT: '' } });
    assert.deepEqual(printed(child), {
      during: [
        [true, false],
        [true, false],
        [true, false],
      ],
      work: true,
      text: 'text',
      after: [
        [true, true],
        [true, true],
        [true, true],
      ],
    });
  }
});
