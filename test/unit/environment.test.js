// Environment variables whose values make no sense.
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');

const script = `
  const { Worker } = require('node:worker_threads');
  const zlib = require('.');
  console.log(zlib.warpdrive.devices().at(-1).threads, require('node:os').availableParallelism());
  new Worker("require('.')", { eval: true });
`;

/** What the package says at its start, in two threads, and the threads of its device. */
function start(variables) {
  const env = { ...process.env, ...variables };
  const options = { cwd: `${__dirname}/../..`, env, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], options);
  assert.equal(status, 0, stderr);
  const [threads, available] = stdout.trim().split(' ').map(Number);
  const warnings = stderr.split('\n').filter((line) => line.includes('WarpdriveWarning'));
  return { threads, available, warnings };
}

for (const [value, threads] of [
  ['abc', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['3x', 3],
  ['1000', 256],
]) {
  test(`WARPDRIVE_THREADS=${value}: one warning, which says what is used`, () => {
    const actual = start({ WARPDRIVE_THREADS: value });
    assert.equal(actual.threads, threads ?? actual.available);
    assert.equal(actual.warnings.length, 1);
    const [warning] = actual.warnings;
    const words = `[WARPDRIVE_ENVIRONMENT] WarpdriveWarning: WARPDRIVE_THREADS=${value} is not a`;
    assert.ok(warning.includes(words), warning);
    assert.ok(warning.endsWith(`used instead: ${actual.threads}`), warning);
  });
}

for (const [name, value] of [
  ['WARPDRIVE_DEVICES', 'foo'],
  ['WARPDRIVE_ALLOW_UNSAFE_DOORBELL', 'yes'],
]) {
  test(`${name}=${value}: one warning`, () => {
    const { warnings } = start({ [name]: value });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], new RegExp(`${name}=${value} is .*; used instead: `));
  });
}

test('values that make sense: no warning', () => {
  const { threads, warnings } = start({
    WARPDRIVE_THREADS: '3',
    WARPDRIVE_DEVICES: 'software',
    WARPDRIVE_ALLOW_UNSAFE_DOORBELL: '0',
  });
  assert.deepEqual([threads, warnings], [3, []]);
  const empty = { WARPDRIVE_THREADS: '', WARPDRIVE_DEVICES: '' };
  assert.deepEqual(start(empty).warnings, []);
});

test('consent is 1 and nothing else', () => {
  const program = "console.log(require('.').warpdrive.devices()[0].usable)";
  for (const [value, usable] of [
    ['1', 'true'],
    ['yes', 'false'],
    ['0', 'false'],
  ]) {
    const env = {
      ...process.env,
      WARPDRIVE_TEST_DEVICES: 'name=test-0,shared',
      WARPDRIVE_ALLOW_UNSAFE_DOORBELL: value,
    };
    const options = { cwd: `${__dirname}/../..`, env, encoding: 'utf8' };
    const { stdout } = spawnSync(process.execPath, ['-e', program], options);
    assert.equal(stdout.trim(), usable, value);
  }
});
