// The package in the hands of a bundler, installed where it has no optional packages.
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const esbuild = require('esbuild');

const root = join(__dirname, '..', '..');
let app;

before(() => {
  app = mkdtempSync(join(tmpdir(), 'warpdrive-bundle-'));
  const installed = join(app, 'node_modules', 'warpdrive-zlib');
  mkdirSync(installed, { recursive: true });
  for (const name of ['dist', 'package.json']) {
    cpSync(join(root, name), join(installed, name), { recursive: true });
  }
  symlinkSync(join(root, 'build'), join(installed, 'build'));
  const program = `
    import { gunzipSync, gzipSync } from 'warpdrive-zlib';
    console.log(gunzipSync(gzipSync('bundled')).toString());
  `;
  writeFileSync(join(app, 'app.mjs'), program);
});
after(() => rmSync(app, { recursive: true }));

/** Bundles the program, which must give no warning, and runs it. */
function bundleAndRun(external) {
  const { warnings } = esbuild.buildSync({
    absWorkingDir: app,
    entryPoints: ['app.mjs'],
    outfile: 'out/app.js',
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    external,
  });
  assert.deepEqual(warnings, []);
  return spawnSync(process.execPath, [join(app, 'out', 'app.js')], { encoding: 'utf8' });
}

test('a bundle with the package external works', () => {
  const { status, stdout, stderr } = bundleAndRun(['warpdrive-zlib']);
  assert.deepEqual([status, stdout, stderr], [0, 'bundled\n', '']);
});

test('a bundle with the package inside is made, and says what is missing when it runs', () => {
  const { status, stderr } = bundleAndRun([]);
  assert.notEqual(status, 0);
  assert.match(stderr, /app\.js is not in the folder of the package warpdrive-zlib/);
  assert.match(stderr, /mark warpdrive-zlib external/);
});

test('WARPDRIVE_STREAMS=readable-stream without that package says what to install', () => {
  const env = { ...process.env, WARPDRIVE_STREAMS: 'readable-stream' };
  const options = { cwd: app, env, encoding: 'utf8' };
  const { status, stderr } = spawnSync(process.execPath, ['app.mjs'], options);
  assert.notEqual(status, 0);
  assert.match(stderr, /npm install readable-stream/);
});
