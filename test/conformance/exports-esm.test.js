// The package as an ECMAScript module, and its subpath.

const assert = require('node:assert/strict');
const path = require('node:path');
const { runModule } = require('../support/child');
const { isNode, subjectPath } = require('../support/subject');
const { test } = require('../support/bounded');

// The package finds itself by name (`exports` in its package.json) from inside its own folder.
const root = isNode ? __dirname : path.dirname(require.resolve(`${subjectPath}/package.json`));
const skip = isNode && 'subject is node:zlib: the entry points of the package are tested';

async function evaluate(source) {
  const { code, stdout, stderr } = await runModule(source, { cwd: root });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('import * has the names that import of node:zlib has', { skip }, async () => {
  // The names of a module are fixed when it is written: those that only other versions of Node
  // have are there too, and undefined.
  const [ours, theirs] = await evaluate(`
    import * as a from 'warpdrive-zlib';
    import * as b from 'node:zlib';
    const defined = (ns) => Object.keys(ns).filter((name) => ns[name] !== undefined).sort();
    console.log(JSON.stringify([defined(a), defined(b)]));
  `);
  // The package's own name is one more: exports.test.js.
  assert.deepEqual(
    ours.filter((name) => name !== 'warpdrive'),
    theirs,
  );
});

test('import * lists the package’s own name too', { skip }, async () => {
  const listed = await evaluate(`
    import * as ours from 'warpdrive-zlib';
    console.log(JSON.stringify([Object.keys(ours), Object.keys(ours.default)]));
  `);
  assert.deepEqual(
    listed.map((names) => names.includes('warpdrive')),
    [true, false],
  );
});

test('syncBuiltinESMExports() does not change what was imported', { skip }, async () => {
  const changed = await evaluate(`
    import { syncBuiltinESMExports } from 'node:module';
    import ours, { gzip as oursImported } from 'warpdrive-zlib';
    import theirs, { gzip as theirsImported } from 'node:zlib';
    const before = [oursImported, theirsImported];
    for (const zlib of [ours, theirs]) zlib.gzip = () => {};
    syncBuiltinESMExports();
    console.log(JSON.stringify([oursImported !== before[0], theirsImported !== before[1]]));
  `);
  assert.deepEqual(changed, [false, true]);
});

test('import default is what require gives', { skip }, async () => {
  const same = await evaluate(`
    import zlib from 'warpdrive-zlib';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('warpdrive-zlib');
    console.log(JSON.stringify(zlib === required));
  `);
  assert.equal(same, true);
});

test('named imports are the members of default, and work', { skip }, async () => {
  const answer = await evaluate(`
    import zlib, { constants, crc32, createGzip, Gzip, gunzipSync, gzipSync } from 'warpdrive-zlib';
    const same = Object.entries({ constants, crc32, createGzip, Gzip, gunzipSync, gzipSync })
      .map(([name, value]) => zlib[name] === value);
    console.log(JSON.stringify([same, gunzipSync(gzipSync('through')).toString()]));
  `);
  assert.deepEqual(answer, [Array(6).fill(true), 'through']);
});

test('the subpath ./warpdrive can be required and imported', { skip }, async () => {
  const [imported, required] = await evaluate(`
    import * as warpdrive from 'warpdrive-zlib/warpdrive';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('warpdrive-zlib/warpdrive');
    console.log(JSON.stringify([warpdrive.devices(), required.devices()].map(
      (devices) => Array.isArray(devices) && devices.length > 0)));
  `);
  assert.deepEqual([imported, required], [true, true]);
});

test('importing the package does not change node:zlib', { skip }, async () => {
  const names = await evaluate(`
    import zlib from 'node:zlib';
    const before = { ...zlib };
    await import('warpdrive-zlib');
    console.log(JSON.stringify(Object.keys(before).filter((name) => zlib[name] !== before[name])));
  `);
  assert.deepEqual(names, []);
});
