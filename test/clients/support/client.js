// Runs a scene with npm packages in a Node process of its own, with the preload or without.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { runProgram } = require('../../support/child');
const { isNode } = require('../../support/subject');

const CLIENTS = path.resolve(__dirname, '..');
const PACKAGE = path.resolve(CLIENTS, '../..');
const REGISTER = path.join(PACKAGE, 'dist/register.js');
const MARK = '\n@result ';

// What npm writes last: an installation that was broken off does not have it.
if (!fs.existsSync(path.join(CLIENTS, 'node_modules/.package-lock.json'))) {
  throw new Error('the npm clients are not installed; run: npm ci --prefix test/clients');
}

const PRELOAD = {
  require: ['-r', REGISTER],
  import: ['--import', pathToFileURL(REGISTER).href],
  off: [],
};

/** Node's arguments for a preload: 'require' (-r), 'import' (--import) or 'off'. */
function preloadArgv(preload) {
  assert(preload in PRELOAD, `no such preload: ${preload}`);
  // The suite compared with itself: node:zlib on both sides.
  return isNode ? [] : PRELOAD[preload];
}

// Runs in the child. What the scene left open keeps the child alive, and so fails the test.
async function report(scene, argument, mark, packagePath) {
  const { stats } = packagePath ? require(packagePath).warpdrive : { stats: () => ({}) };
  const count = () => (stats().requests ?? 0) + (stats().inlineRequests ?? 0);
  const ours = Object.keys(require.cache).some((file) => file.endsWith('warpdrive.node'));
  // A preload that puts its functions into another module object would show here.
  if (packagePath && require('node:zlib').createGzip !== require(packagePath).createGzip) {
    throw new Error('with the preload, zlib is not the package');
  }
  const before = count();
  const value = await scene(argument);
  const done = count() - before;
  require('node:fs').writeSync(1, `${mark}${JSON.stringify({ ours, done, value })}\n`);
}

function program(scene, argument, packagePath) {
  const call =
    typeof scene === 'function' ? `(${scene})` : `require(${JSON.stringify(path.resolve(scene))})`;
  const rest = [argument ?? null, MARK, packagePath].map((each) => JSON.stringify(each));
  return `(${report})(${call}, ${rest.join()})`;
}

/**
 * Runs `scene(argument)` in a new Node process. `scene` is a function, which sees `require` and
 * `import()` (from test/clients/node_modules) and nothing of the caller's scope, or the path of a
 * CommonJS file that exports one. Options: `preload` 'require' (default), 'import' or 'off';
 * `execArgv`, `env`.
 *
 * Resolves to what the scene resolved to, through JSON. Throws when the child fails, does not end
 * by itself in time, did not use this package (or did, when off), or the package did no work.
 */
async function runClient(scene, argument, options = {}) {
  const { preload = 'require', execArgv = [], env } = options;
  const expectOurs = preload !== 'off' && !isNode;
  const source = program(scene, argument, expectOurs ? PACKAGE : null);
  const argv = [...preloadArgv(preload), ...execArgv, '-e', source];
  const child = await runProgram(process.execPath, argv, {
    cwd: CLIENTS,
    env: { NODE_TEST_CONTEXT: '', NODE_OPTIONS: '', ...env },
  });
  const stdout = child.stdout.toString();
  const told = `preload ${preload}, code ${child.code}, signal ${child.signal}\n`;
  assert(child.code === 0, `the client failed (${told}${stdout}${child.stderr})`);
  const at = stdout.lastIndexOf(MARK);
  assert(at >= 0, `the client ended before its scene did (${told}${stdout}${child.stderr})`);
  const { ours, done, value } = JSON.parse(stdout.slice(at + MARK.length));
  assert.strictEqual(ours, expectOurs, `is the addon loaded? (${told})`);
  assert(done > 0 || !expectOurs, `the package did no work (${told})`);
  return value;
}

/**
 * Runs the scene without the preload and with it (`options.preload`), and asserts that both
 * resolve to the same value, which it returns: what a scene tells must not depend on compressed
 * bytes or on timing.
 */
async function sameWithPreload(scene, argument, options = {}) {
  const [expected, actual] = await Promise.all([
    runClient(scene, argument, { ...options, preload: 'off' }),
    runClient(scene, argument, options),
  ]);
  assert.deepStrictEqual(actual, expected);
  return actual;
}

module.exports = { preloadArgv, runClient, sameWithPreload };
