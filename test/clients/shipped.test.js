// The tests that packages ship, run as they are, with the preload and without.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('../support/bounded');
const { runProgram } = require('../support/child');
const { isNode } = require('../support/subject');
const { preloadArgv } = require('./support/client');

const TELL_WORK = path.join(__dirname, 'support/tell-work.js');

/** Runs test files of a package; resolves to their counts, and the work that was ours. */
async function runShipped(folder, files, preload) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shipped-'));
  const told = path.join(scratch, 'work');
  // The runner hands its own preloads on to the processes of the files.
  const argv = [...preloadArgv(preload), '-r', TELL_WORK, '--test', '--test-concurrency=3'];
  const { code, signal, stdout, stderr } = await runProgram(
    process.execPath,
    [...argv, '--test-reporter=tap', ...files],
    {
      cwd: folder,
      env: { NODE_TEST_CONTEXT: undefined, WARPDRIVE_TELL_WORK: told },
    },
  );
  const output = stdout.toString();
  const count = (name) => Number(output.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1]);
  const failed = output.match(/^ *not ok .*$/gm) ?? [];
  assert(code === 0, `${code ?? signal}\n${failed.join('\n')}\n${stderr}`);
  const lines = fs.readFileSync(told, 'latin1').trim().split('\n');
  fs.rmSync(scratch, { recursive: true });
  const work = lines.reduce((sum, line) => sum + Number(line), 0);
  return { pass: count('pass'), fail: count('fail'), work };
}

async function sameAsWithout(folder, files) {
  const [control, ours] = await Promise.all([
    runShipped(folder, files, 'off'),
    runShipped(folder, files, 'require'),
  ]);
  assert.strictEqual(control.work, 0);
  assert(ours.work > 0 || isNode, 'the package did no work');
  assert(control.pass > files.length);
  assert.deepStrictEqual([ours.pass, ours.fail], [control.pass, 0]);
}

function packageFolder(name) {
  return path.dirname(require.resolve(`${name}/package.json`));
}

test('@fastify/compress: its own tests', async () => {
  const folder = packageFolder('@fastify/compress');
  const listed = fs.readdirSync(path.join(folder, 'test'), { recursive: true });
  const files = listed.filter((file) => file.endsWith('.test.js'));
  await sameAsWithout(
    folder,
    files.map((file) => path.join('test', file)),
  );
});

test('fastify and light-my-request: their own tests that compress', async () => {
  await sameAsWithout(packageFolder('fastify'), [
    'test/body-limit.test.js',
    'test/stream.2.test.js',
  ]);
  await sameAsWithout(packageFolder('light-my-request'), ['test/stream.test.js']);
});
