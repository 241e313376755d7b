// WARPDRIVE_DISABLE turns the package off without touching code: Node's zlib does everything.

const assert = require('node:assert/strict');
const { resolve } = require('node:path');
const { runProgram } = require('../support/child');
const { notForNode } = require('../support/subject');
const { test } = require('../support/bounded');

const root = resolve(__dirname, '../..');
const skip = notForNode('the switch is tested');

async function run(args, value) {
  const env = { NODE_TEST_CONTEXT: '', WARPDRIVE_DISABLE: value };
  const { code, stdout, stderr } = await runProgram(process.execPath, args, { cwd: root, env });
  assert.equal(code, 0, stderr);
  return stdout.toString();
}

const describe = `
  const node = require('zlib');
  const ours = require('.');
  const addon = Object.keys(require.cache).some((file) => file.endsWith('.node'));
  console.log(JSON.stringify([ours.gzip === node.gzip, ours.Gunzip === node.Gunzip, addon,
    ours.warpdrive.devices().length]));
`;

for (const value of ['1', 'true', 'yes']) {
  test(`=${value}: the package is Node's zlib, and the addon is not loaded`, { skip }, async () => {
    assert.deepEqual(JSON.parse(await run(['-e', describe], value)), [true, true, false, 0]);
  });
}

for (const value of ['', '0']) {
  test(`=${value || '(empty)'}: the package is on`, { skip }, async () => {
    assert.deepEqual(JSON.parse(await run(['-e', describe], value)), [false, false, true, 1]);
  });
}

test('the preload changes nothing', { skip }, async () => {
  const script = `
    const zlib = require('zlib');
    const before = { ...zlib };
    const { register, unregister } = require('warpdrive-zlib/register');
    register();
    const same = () => Object.keys(before).every((name) => zlib[name] === before[name]);
    const seen = [same(), 'warpdrive' in zlib];
    unregister();
    console.log(JSON.stringify([...seen, same()]));
  `;
  assert.deepEqual(JSON.parse(await run(['-e', script], '1')), [true, false, true]);
});

test('what zlib does not have still answers', { skip }, async () => {
  const script = `
    const { warpdrive } = require('.');
    warpdrive.configure({ threads: 2 });
    const { requests, doorbells, runningThreads } = warpdrive.stats();
    warpdrive.promises.gzip('off').then((packed) => warpdrive.promises.gunzip(packed, {}))
      .then((plain) => console.log(JSON.stringify([requests + doorbells + runningThreads, String(plain)])));
  `;
  assert.deepEqual(JSON.parse(await run(['-e', script], '1')), [0, 'off']);
});

test('warpgzip works, and doctor says that it is off', { skip }, async () => {
  const { stdout } = await runProgram(process.execPath, ['dist/cli/warpgzip.js', '-c'], {
    cwd: root,
    env: { NODE_TEST_CONTEXT: '', WARPDRIVE_DISABLE: '1' },
    input: 'by node',
  });
  assert.equal(require('node:zlib').gunzipSync(stdout).toString(), 'by node');
  assert.match(
    await run(['dist/cli/warpdrive.js', 'doctor'], '1'),
    /turned off +WARPDRIVE_DISABLE=1/,
  );
});
