// No file is lost, and none is incomplete, whatever happens on the way.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const {
  WARPGZIP,
  cli,
  folderWith,
  inProcess,
  member,
  namedMember,
  namesIn,
  noise,
} = require('./helpers');

const { Reporter } = cli('messages.js');
const { makeFile } = cli('target.js');
const { openInput } = cli('input.js');
const { parseCommandLine } = cli('options.js');

/**
 * Makes `a.gz` out of `a`, with `fill` in place of a codec; what was reported, or the error.
 * While `fill` runs it can play another process.
 */
async function make(cwd, args, fill) {
  process.chdir(cwd);
  let stderr = '';
  const reporter = new Reporter(false, (text) => {
    stderr += text;
  });
  const { options } = parseCommandLine(args);
  const input = await openInput('a', { follow: false, wait: false });
  const target = { path: 'a.gz', mtime: undefined };
  try {
    const done = await makeFile(target, input, { options, reporter, stdout: 1 }, fill);
    return { done, code: reporter.exitCode, stderr };
  } catch (error) {
    return { error: error.message };
  } finally {
    await input.close();
  }
}

const contents = (cwd) =>
  Object.fromEntries(
    namesIn(cwd).map((name) => [name, fs.readFileSync(path.join(cwd, name), 'latin1')]),
  );

const write = (text) => (sink) => sink.write(Buffer.from(text));

test('until it is complete the output has no name that anybody looks for', async () => {
  const cwd = folderWith({ a: 'input' });
  let seen;
  await make(cwd, [], async (sink) => {
    await write('part')(sink);
    seen = namesIn(cwd);
    assert.equal(fs.statSync(path.join(cwd, seen[0])).mode & 0o777, 0o600);
  });
  assert.equal(seen.length, 2);
  assert.match(seen[0], /^\.warpgzip-[0-9a-f]{16}$/);
  assert.equal(seen[1], 'a');
  assert.deepEqual(contents(cwd), { 'a.gz': 'part' });
});

test('after an error there is the input and nothing else', async () => {
  const cwd = folderWith({ a: 'input' });
  const { error } = await make(cwd, [], async (sink) => {
    await write('part')(sink);
    throw new Error('broken');
  });
  assert.equal(error, 'broken');
  assert.deepEqual(contents(cwd), { a: 'input' });
});

test('a file that comes up meanwhile is not overwritten', async () => {
  const cwd = folderWith({ a: 'input' });
  const { error } = await make(cwd, [], async (sink) => {
    await write('output')(sink);
    fs.writeFileSync('a.gz', 'of another process');
  });
  assert.equal(error, 'a.gz: File exists');
  assert.deepEqual(contents(cwd), { a: 'input', 'a.gz': 'of another process' });
});

test('an input that grows meanwhile is kept', async () => {
  const cwd = folderWith({ a: 'input' });
  const { done, code, stderr } = await make(cwd, [], async (sink) => {
    await write('output')(sink);
    fs.appendFileSync('a', ' and more');
  });
  assert.deepEqual([done, code], [true, 2]);
  assert.equal(stderr, 'warpgzip: a: file changed while it was read -- kept\n');
  assert.deepEqual(contents(cwd), { a: 'input and more', 'a.gz': 'output' });
});

test('a file that takes the place of the input is kept', async () => {
  const cwd = folderWith({ a: 'input' });
  const { code } = await make(cwd, [], async (sink) => {
    await write('output')(sink);
    fs.writeFileSync('b', 'another');
    fs.renameSync('b', 'a');
  });
  assert.equal(code, 2);
  assert.deepEqual(contents(cwd), { a: 'another', 'a.gz': 'output' });
});

test('-f replaces what is there, in one step', async () => {
  const cwd = folderWith({ a: 'input', 'a.gz': 'old' });
  await make(cwd, ['-f'], async (sink) => {
    await write('output')(sink);
    assert.equal(fs.readFileSync('a.gz', 'latin1'), 'old');
  });
  assert.deepEqual(contents(cwd), { 'a.gz': 'output' });
});

test('--synchronous writes the same', async () => {
  const cwd = folderWith({ a: 'input' });
  await make(cwd, ['-k', '--synchronous'], write('output'));
  assert.deepEqual(contents(cwd), { a: 'input', 'a.gz': 'output' });
});

test('a file does not become its own output', async () => {
  const cwd = folderWith({ 'a.gz': namedMember('inner', Buffer.from('a.gz')) });
  const before = contents(cwd);
  const { code, stderr } = await inProcess(['-dNf', 'a.gz'], cwd);
  assert.deepEqual([code, stderr], [1, 'warpgzip: a.gz: would replace its own input\n']);
  assert.deepEqual(contents(cwd), before);
});

test('a name that becomes too long leaves all as it was', async () => {
  const name = 'n'.repeat(253);
  const cwd = folderWith({ [name]: 'input' });
  const { code, stderr } = await inProcess([name], cwd);
  assert.deepEqual([code, stderr], [1, `warpgzip: ${name}.gz: File name too long\n`]);
  assert.deepEqual(contents(cwd), { [name]: 'input' });
});

test('a folder that takes no files leaves all as it was', async () => {
  // /proc takes none from root either.
  const { code, stderr } = await inProcess(['-f', '/proc/version'], '/');
  assert.equal(code, 1);
  assert.match(stderr, /^warpgzip: \/proc\/version\.gz: /);
});

test('a file system that is full ends the run; nothing is left or lost', () => {
  const packed = zlib.gzipSync(Buffer.alloc(200_000, 'x'));
  const cwd = folderWith({ noise: noise(100_000), 'x.gz': packed, small: 'x' });
  const before = namesIn(cwd);
  for (const [args, output] of [
    ['-1 noise small', 'noise.gz'],
    ['-d x.gz', 'x'],
  ]) {
    const limited = `ulimit -f 8; exec "$0" "$1" ${args}`;
    const { status, stderr } = spawnSync('sh', ['-c', limited, process.execPath, WARPGZIP], {
      cwd,
    });
    assert.equal(stderr.toString(), `warpgzip: ${output}: File too large\n`);
    assert.equal(status, 1);
    assert.deepEqual(namesIn(cwd), before);
  }
});

test('a folder that contains itself is walked once', async () => {
  const cwd = folderWith({ 'd/a.gz': member('x') });
  fs.symlinkSync('.', path.join(cwd, 'd', 'self'));
  const { code, stderr } = await inProcess(['-rtv', 'd'], cwd);
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'd/a.gz:\t OK\nwarpgzip: d/self is a directory that contains itself -- ignored\n',
  );
});

test('files in a folder are done though one of them fails', async () => {
  const cwd = folderWith({ 'd/a.gz': 'no gzip', 'd/b.gz': member('x'), 'd/c': 'plain' });
  const { code, stderr } = await inProcess(['-rd', 'd'], cwd);
  assert.deepEqual([code, stderr], [1, 'warpgzip: d/a.gz: not in gzip format\n']);
  assert.deepEqual(namesIn(path.join(cwd, 'd')), ['a.gz', 'b', 'c']);
});
