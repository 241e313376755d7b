// A Node that may load no addons: the package is Node's zlib then, and says so once.

const assert = require('node:assert/strict');
const { cpSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { Worker } = require('node:worker_threads');
const { once } = require('node:events');
const { runProgram } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const root = resolve(__dirname, '../..');
const skip = notForNode('the fallback is tested');
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const FLAGS = {
  '--no-addons': ['--no-addons'],
  [permission]: [permission, '--allow-fs-read=*'],
};

const run = (args, env = {}) =>
  runProgram(process.execPath, args, { cwd: root, env: { NODE_TEST_CONTEXT: '', ...env } });

/** Runs an application; resolves to what it printed and the warnings of this package. */
async function start(args, script, env) {
  const { code, stdout, stderr } = await run([...args, '-e', script], env);
  assert.equal(code, 0, stderr);
  const warnings = stderr.split('\n').filter((line) => line.includes('WARPDRIVE_ADDONS_DISABLED'));
  return { printed: JSON.parse(stdout.toString()), warnings, stderr };
}

const describe = `
  const node = require('zlib');
  const ours = require('.');
  console.log(JSON.stringify([ours.gzip === node.gzip, node.warpdrive === undefined,
    ours.warpdrive.devices().length, String(ours.gunzipSync(ours.gzipSync('works')))]));
`;
const fallback = [true, true, 0, 'works'];
const WAYS = {
  require: [],
  '-r': ['-r', 'warpdrive-zlib/register'],
  '--import': ['--import', 'warpdrive-zlib/register'],
};

for (const [name, flags] of Object.entries(FLAGS)) {
  for (const [way, preload] of Object.entries(WAYS)) {
    test(`${name}, ${way}: the application starts, with one warning`, { skip }, async () => {
      const { printed, warnings, stderr } = await start([...flags, ...preload], describe);
      assert.deepEqual(printed, fallback);
      assert.equal(warnings.length, 1, stderr);
      for (const word of ['--no-addons', '--allow-addons', 'WARPDRIVE_DISABLE=1']) {
        assert.ok(stderr.includes(word), `${word} in ${stderr}`);
      }
    });
  }

  test(`${name} and WARPDRIVE_DISABLE: no warning`, { skip }, async () => {
    const { printed, warnings } = await start(flags, describe, { WARPDRIVE_DISABLE: '1' });
    assert.deepEqual([printed, warnings], [fallback, []]);
  });
}

test(`${permission} --allow-addons: the package is on`, { skip }, async () => {
  const args = [...FLAGS[permission], '--allow-addons'];
  const { printed, warnings } = await start(args, describe);
  assert.deepEqual([printed[0], printed[2] > 0, warnings], [false, true, []]);
});

test('a worker that may load no addons, in a process that may', { skip }, async () => {
  const script = `${describe.replace('console.log', 'postMessage')}`.replace("'.'", 'workerData');
  const source = `const { parentPort, workerData } = require('node:worker_threads');
    const postMessage = (text) => parentPort.postMessage(text);${script}`;
  const options = { eval: true, execArgv: ['--no-addons'], workerData: root, stderr: true };
  const worker = new Worker(source, options);
  const [text] = await once(worker, 'message');
  await once(worker, 'exit');
  assert.deepEqual(JSON.parse(text), fallback);
});

test('an addon that is missing stays an error, whatever the flags', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'warpdrive-no-addon-'));
  try {
    for (const name of ['dist', 'package.json']) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    for (const flags of [[], ...Object.values(FLAGS)]) {
      const { code, stderr } = await run([
        ...flags,
        '-r',
        join(folder, 'dist/register.js'),
        '-e',
        '',
      ]);
      assert.notEqual(code, 0);
      assert.match(stderr, /could not load its native addon .*npm rebuild warpdrive-zlib/s);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
