// A run that is ended by a signal leaves the input, no output, and dies by that signal.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const { emptyFolder, folderWith, hasPartial, namesIn, start, until } = require('./helpers');

/** Starts a run in `cwd` and sends `signal` when its output has got some bytes. */
async function interrupt(args, cwd, signal) {
  const { child, done } = start(args, { cwd });
  await until(() => hasPartial(cwd));
  child.kill(signal);
  return done;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} while compressing`, async () => {
    const cwd = emptyFolder();
    // Takes many seconds and no space.
    fs.writeFileSync(path.join(cwd, 'big'), '');
    fs.truncateSync(path.join(cwd, 'big'), 2 ** 35);
    const ended = await interrupt(['-9', '-p', '1', 'big'], cwd, signal);
    assert.deepEqual([ended.code, ended.signal, ended.stderr], [null, signal, '']);
    assert.deepEqual(namesIn(cwd), ['big']);
    assert.equal(fs.statSync(path.join(cwd, 'big')).size, 2 ** 35);
  });
}

test('SIGINT while decompressing', async () => {
  const part = zlib.gzipSync(Buffer.alloc(2 ** 25), { level: 1 });
  const cwd = folderWith({ 'big.gz': Buffer.concat(Array(200).fill(part)) });
  const ended = await interrupt(['-d', 'big.gz'], cwd, 'SIGINT');
  assert.deepEqual([ended.code, ended.signal, ended.stderr], [null, 'SIGINT', '']);
  assert.deepEqual(namesIn(cwd), ['big.gz']);
});

test('SIGTERM while stdin is idle', async () => {
  const { child, done } = start(['-dc']);
  child.stdin.write(zlib.gzipSync('x'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGTERM');
  const { signal } = await done;
  assert.equal(signal, 'SIGTERM');
});
