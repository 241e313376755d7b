// What an output file takes over from its input and from the member's header.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const { cli, folderWith, gzip, inProcess, namedMember, namesIn } = require('./helpers');

const { withoutGroup } = cli('output.js');

const ok = { code: 0, stderr: '' };
const isRoot = process.getuid() === 0;

test('mode and times, in both directions', async () => {
  const cwd = folderWith({ file: 'hello' });
  const at = (name) => path.join(cwd, name);
  for (const mode of [0o640, 0o777, 0o400]) {
    fs.chmodSync(at('file'), mode);
    fs.utimesSync(at('file'), 1_000_000_000.25, 1_100_000_000.5);
    for (const [args, name] of [
      [['file'], 'file.gz'],
      [['-d', 'file.gz'], 'file'],
    ]) {
      assert.deepEqual(await inProcess(args, cwd), ok);
      assert.deepEqual(namesIn(cwd), [name]);
      const stat = fs.statSync(at(name));
      assert.equal(stat.mode & 0o7777, mode);
      assert.equal(stat.mtimeMs, 1_100_000_000_500);
    }
  }
});

test('owner and group', { skip: !isRoot && 'only root can give files away' }, async () => {
  const cwd = folderWith({ file: 'hello' });
  fs.chownSync(path.join(cwd, 'file'), 12345, 23456);
  fs.chmodSync(path.join(cwd, 'file'), 0o664);
  assert.deepEqual(await inProcess(['file'], cwd), ok);
  const { uid, gid, mode } = fs.statSync(path.join(cwd, 'file.gz'));
  assert.deepEqual([uid, gid, mode & 0o7777], [12345, 23456, 0o664]);
});

test('a group that cannot be set gets no more than all others', () => {
  const changed = [0o660, 0o664, 0o644, 0o755, 0o770, 0o4777, 0o606].map(withoutGroup);
  assert.deepEqual(changed, [0o600, 0o644, 0o644, 0o755, 0o700, 0o777, 0o600]);
});

test('name and time are stored, unless -n', async () => {
  const cwd = folderWith({ 'd/für ♥': '', 'd/für': '' });
  const header = async (args, name) => {
    fs.utimesSync(path.join(cwd, 'd', name), 1e9, 1_100_000_000.9);
    assert.deepEqual(await inProcess([...args, `d/${name}`], cwd), ok);
    return fs.readFileSync(path.join(cwd, 'd', `${name}.gz`)).toString('latin1', 0, 15);
  };
  const time = '\x00\xab\x90\x41';
  assert.equal(await header(['-k'], 'für'), `\x1f\x8b\x08\x08${time}\x00\x03für\0\x03`);
  assert.equal((await header(['-kfn'], 'für')).slice(0, 10), '\x1f\x8b\x08\0\0\0\0\0\x00\x03');
  // A name that is not ISO 8859-1 is left out, the time is not.
  assert.equal((await header(['-k'], 'für ♥')).slice(0, 10), `\x1f\x8b\x08\0${time}\x00\x03`);
});

test('-dN restores name and time; gzip reads what we wrote, we what gzip wrote', async () => {
  const cwd = folderWith({ ours: 'hello', theirs: 'hello', 'für ♥': 'hello' });
  const at = (name) => path.join(cwd, name);
  for (const name of namesIn(cwd)) fs.utimesSync(at(name), 1e9, 1e9);
  assert.deepEqual(await inProcess(['ours'], cwd), ok);
  gzip(['theirs', 'für ♥'], { cwd });
  for (const name of ['ours', 'theirs', 'für ♥']) {
    fs.renameSync(at(`${name}.gz`), at(`renamed ${name}.gz`));
    fs.utimesSync(at(`renamed ${name}.gz`), 2e9, 2e9);
  }
  gzip(['-dN', 'renamed ours.gz'], { cwd });
  assert.deepEqual(await inProcess(['-dN', 'renamed theirs.gz', 'renamed für ♥.gz'], cwd), ok);
  assert.deepEqual(namesIn(cwd), ['für ♥', 'ours', 'theirs']);
  for (const name of namesIn(cwd)) assert.equal(fs.statSync(at(name)).mtimeMs, 1e12, name);
});

test('without -N the name is that of the file, and its time', async () => {
  const cwd = folderWith({ 'a.gz': namedMember('hello', Buffer.from('stored'), 1e9) });
  fs.utimesSync(path.join(cwd, 'a.gz'), 2e9, 2e9);
  assert.deepEqual(await inProcess(['-d', 'a.gz'], cwd), ok);
  assert.deepEqual(namesIn(cwd), ['a']);
  assert.equal(fs.statSync(path.join(cwd, 'a')).mtimeMs, 2e12);
});

for (const [stored, made] of [
  ['../x', 'in/x'],
  ['/nowhere/hostile', 'in/hostile'],
  ['deep/er/x', 'in/x'],
  ['a\\b', 'in/a\\b'],
]) {
  test(`the name ${stored} stays in the folder`, async () => {
    const cwd = folderWith({ 'in/a.gz': namedMember('hello', Buffer.from(stored)) });
    assert.deepEqual(await inProcess(['-dN', 'in/a.gz'], cwd), ok);
    assert.deepEqual(namesIn(cwd), ['in', made]);
  });
}

for (const stored of ['', '.', '..', 'x/', 'x/..', 'long'.repeat(64)]) {
  test(`the name ${JSON.stringify(stored.slice(0, 9))} is not used`, async () => {
    const cwd = folderWith({ 'in/a.gz': namedMember('hello', Buffer.from(stored)) });
    const { code, stderr } = await inProcess(['-dN', 'in/a.gz'], cwd);
    assert.deepEqual(
      [code, stderr],
      [2, 'warpgzip: in/a.gz: stored name is not usable -- ignored\n'],
    );
    assert.deepEqual(namesIn(cwd), ['in', 'in/a']);
    assert.equal(fs.readFileSync(path.join(cwd, 'in/a'), 'latin1'), 'hello');
  });
}

test('a stored name that exists is not overwritten; -f replaces it', async () => {
  const cwd = folderWith({ 'a.gz': namedMember('new', Buffer.from('x')), x: 'old' });
  const { code } = await inProcess(['-dN', 'a.gz'], cwd);
  assert.equal(code, 2);
  assert.equal(fs.readFileSync(path.join(cwd, 'x'), 'latin1'), 'old');
  assert.deepEqual(await inProcess(['-dNf', 'a.gz'], cwd), ok);
  assert.equal(fs.readFileSync(path.join(cwd, 'x'), 'latin1'), 'new');
  assert.deepEqual(namesIn(cwd), ['x']);
});

test('a timestamp beyond 32 bits is left out with a warning', async () => {
  const cwd = folderWith({ file: 'hello' });
  fs.utimesSync(path.join(cwd, 'file'), 5e9, 5e9);
  const { code, stderr } = await inProcess(['file'], cwd);
  assert.equal(code, 2);
  assert.match(stderr, /^warpgzip: file: warning: file timestamp out of range for gzip format\n$/);
  const bytes = fs.readFileSync(path.join(cwd, 'file.gz'));
  assert.equal(bytes.readUInt32LE(4), 0);
  assert.equal(zlib.gunzipSync(bytes).toString(), 'hello');
});
