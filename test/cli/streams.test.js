// stdin and stdout: what goes through them, and how a run ends when they end.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const {
  folderWith,
  gzip,
  inProcess,
  member,
  namesIn,
  namedMember,
  noise,
  start,
  warpgzip,
} = require('./helpers');

/** Text that compresses, a little different from place to place. */
const text = (size) =>
  Buffer.from(
    Array.from({ length: size / 8 }, (_, i) => `${(i * 2654435761) % 9999999}\n`).join(''),
  );

// More than one block of the codecs.
const plain = text(1_200_000);
const packed = zlib.gzipSync(plain, { level: 1 });
const ok = (stdout) => ({ code: 0, signal: null, stdout, stderr: '' });

test('levels through pipes, decoded by gzip', async () => {
  for (const level of [1, 6, 9]) {
    const { stdout, ...rest } = await warpgzip([`-${level}`], { input: plain });
    assert.deepEqual(rest, { code: 0, signal: null, stderr: '' });
    assert.deepEqual(gzip(['-dc'], { input: stdout }), ok(plain));
    // No name and no time can be known of a pipe.
    assert.equal(stdout.subarray(3, 8).toString('hex'), '0000000000');
  }
});

test("gzip's output through pipes", async () => {
  assert.deepEqual(
    await warpgzip(['-d'], { input: gzip(['-c'], { input: plain }).stdout }),
    ok(plain),
  );
});

test('nothing on stdin', async () => {
  const { stdout } = await warpgzip([]);
  assert.equal(zlib.gunzipSync(stdout).length, 0);
  const { code, stderr } = await warpgzip(['-d']);
  assert.deepEqual([code, stderr], [1, 'warpgzip: stdin: unexpected end of file\n']);
});

test('stdin that is a file has a time, but no name', async () => {
  const cwd = folderWith({ file: 'hello' });
  fs.utimesSync(path.join(cwd, 'file'), 1e9, 1.1e9);
  const { stdout } = await warpgzip(['-c'], { cwd, input: 'file' });
  assert.equal(stdout.readUInt32LE(4), 1.1e9);
  assert.equal(stdout[3], 0);
  assert.equal((await warpgzip(['-n'], { cwd, input: 'file' })).stdout.readUInt32LE(4), 0);
});

test('a folder on stdin is an error', async () => {
  const cwd = folderWith({});
  for (const args of [[], ['-d']]) {
    const { code, stderr } = await warpgzip(args, { cwd, input: '.' });
    assert.deepEqual([code, stderr], [1, 'warpgzip: stdin: Is a directory\n']);
  }
});

test('-c writes all files one behind the other and keeps them', async () => {
  const cwd = folderWith({ a: 'one', b: 'two' });
  const { stdout } = await warpgzip(['-c', 'a', '-', 'b'], { cwd, input: Buffer.from('stdin') });
  assert.equal(zlib.gunzipSync(stdout).toString(), 'onestdintwo');
  assert.deepEqual(namesIn(cwd), ['a', 'b']);
});

test('-dc decodes all files and what is on stdin, and keeps them', async () => {
  const cwd = folderWith({ 'a.gz': member('one'), 'b.gz': member('two') });
  const input = member('stdin');
  assert.deepEqual(
    await warpgzip(['-dc', 'a.gz', '-', 'b'], { cwd, input }),
    ok(Buffer.from('onestdintwo')),
  );
  assert.deepEqual(namesIn(cwd), ['a.gz', 'b.gz']);
});

test('a second - finds nothing', async () => {
  const { code, stdout } = await warpgzip(['-dc', '-', '-'], { input: member('once') });
  assert.deepEqual([code, stdout.toString()], [1, 'once']);
});

test('-dcf passes plain data on, -d does not', async () => {
  const cwd = folderWith({ plain: 'plain ', 'a.gz': member('packed '), one: '\x1f' });
  const { code, stdout } = await warpgzip(['-dcf', 'plain', 'a.gz', '-', 'one'], {
    cwd,
    input: Buffer.from('stdin'),
  });
  assert.deepEqual([code, stdout.toString()], [0, 'plain packed stdin\x1f']);
  assert.deepEqual(await warpgzip(['-d'], { input: Buffer.from('stdin') }), {
    ...ok(Buffer.alloc(0)),
    code: 1,
    stderr: 'warpgzip: stdin: not in gzip format\n',
  });
});

test('-dcf does not pass on what gzip would decode', async () => {
  const input = Buffer.from('1f9d90', 'hex');
  const { code, stdout } = await warpgzip(['-dcf'], { input });
  assert.deepEqual([code, stdout.length], [1, 0]);
});

test('a file that cannot be opened does not end the run', async () => {
  const cwd = folderWith({ a: 'one', b: 'two' });
  const { code, stdout, stderr } = await inProcess(['-c', 'a', 'missing', 'b'], cwd, {
    withStdout: true,
  });
  assert.equal(zlib.gunzipSync(stdout).toString(), 'onetwo');
  assert.deepEqual([code, stderr], [1, 'warpgzip: missing: No such file or directory\n']);
});

test('-v on stdin and stdout', async () => {
  const cwd = folderWith({ 'a.gz': member('x'.repeat(1000)) });
  assert.match(
    (await warpgzip(['-v'], { input: plain.subarray(0, 9000) })).stderr,
    /^ {1,2}\d\d\.\d%\n$/,
  );
  assert.equal((await warpgzip(['-dv'], { input: packed })).stderr, '');
  assert.equal((await warpgzip(['-tv'], { input: packed })).stderr, ' OK\n');
  const expected = gzip(['-dvc', 'a.gz'], { cwd });
  assert.equal((await inProcess(['-dvc', 'a.gz'], cwd)).stderr, expected.stderr);
});

test('-l is as gzip writes it', async () => {
  const cwd = folderWith({
    'a.gz': packed,
    'n.gz': namedMember('x', Buffer.from('inner')),
    'e.gz': member(''),
    'no.gz': 'no',
    'd/a.gz': member('x'),
  });
  for (const name of ['a.gz', 'n.gz', 'e.gz', 'd/a.gz']) fs.utimesSync(path.join(cwd, name), 1, 2);
  for (const args of [
    ['-l', 'a.gz', 'd/a', 'no.gz', 'e.gz'],
    ['-lv', 'a.gz', 'n.gz'],
    ['-lvN', 'n.gz'],
    ['-rlq', 'd', 'a.gz'],
  ]) {
    const { code, stdout } = gzip(args, { cwd });
    const actual = await inProcess(args, cwd, { withStdout: true });
    assert.equal(actual.stdout.toString(), stdout.toString(), args.join(' '));
    assert.equal(actual.code, code);
  }
});

test('messages that cannot be written stop nothing', {
  skip: !fs.existsSync('/dev/full') && 'there is no /dev/full',
}, async () => {
  const cwd = folderWith({ a: 'text', b: 'text' });
  const full = fs.openSync('/dev/full', 'w');
  const stdio = ['ignore', 'ignore', full];
  const good = await start(['-v', 'a', 'b'], { cwd, stdio }).done;
  const bad = await start(['-d', 'no', 'a', 'b'], { cwd, stdio }).done;
  fs.closeSync(full);
  assert.deepEqual([good.code, bad.code], [0, 1]);
  assert.deepEqual(namesIn(cwd), ['a', 'b']);
});

test('-l finds what is wrong with a file, as gzip 1.12 does', async () => {
  const whole = member(noise(20_000));
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 8] ^= 1;
  const cwd = folderWith({
    'cut.gz': whole.subarray(0, 9000),
    'short.gz': whole.subarray(0, -3),
    'crc.gz': damaged,
    'junk.gz': Buffer.concat([whole, Buffer.from('junk')]),
    'zeros.gz': Buffer.concat([whole, Buffer.alloc(50)]),
  });
  const says = {
    cut: [1, 'unexpected end of file'],
    short: [1, 'unexpected end of file'],
    crc: [1, 'invalid compressed data--crc error'],
    junk: [2, 'decompression OK, trailing garbage ignored'],
  };
  for (const [name, [code, what]] of Object.entries(says)) {
    const actual = await inProcess(['-l', `${name}.gz`], cwd, { withStdout: true });
    assert.deepEqual(
      { ...actual, stdout: actual.stdout.toString() },
      { code, stderr: `warpgzip: ${name}.gz: ${what}\n`, stdout: '' },
    );
    // gzip of the same file: -t does in every version what -l does from 1.12 on.
    const { code: gzipCode, stderr } = gzip(['-t', `${name}.gz`], { cwd });
    assert.deepEqual([gzipCode, stderr.trim()], [code, `gzip: ${name}.gz: ${what}`]);
  }
  const padded = await inProcess(['-l', 'zeros.gz'], cwd, { withStdout: true });
  assert.deepEqual([padded.code, padded.stderr], [0, '']);
  assert.match(padded.stdout.toString(), new RegExp(`\n +${whole.length + 50} +20000 `));
});

test('-l counts what all members decode to', async () => {
  const cwd = folderWith({ 'a.gz': Buffer.concat([member('x'.repeat(1000)), packed]) });
  const { stdout } = await inProcess(['-l', 'a.gz'], cwd, { withStdout: true });
  assert.match(stdout.toString(), new RegExp(`\n +[0-9]+ +${1000 + plain.length} `));
});

test('-l of stdin: a pipe, a file', async () => {
  const cwd = folderWith({ 'a.gz': packed });
  const expected = gzip(['-l'], { input: packed });
  assert.deepEqual(await warpgzip(['-l'], { input: packed }), expected);
  assert.deepEqual(await warpgzip(['-l'], { cwd, input: 'a.gz' }), expected);
});

test('a stored name cannot send control characters with -lN', async () => {
  const cwd = folderWith({ 'a.gz': namedMember('x', Buffer.from('\x1b[2Jname')) });
  const { stdout } = await inProcess(['-lN', 'a.gz'], cwd, { withStdout: true });
  assert.match(stdout.toString(), / \?\[2Jname\n$/);
});

test('a reader that goes away ends the run as it ends gzip', async () => {
  const { child, done } = start(['-dc']);
  child.stdout.once('data', () => child.stdout.destroy());
  child.stdin.write(zlib.gzipSync(Buffer.alloc(5_000_000)));
  // stdin stays open: it is the missing reader that counts.
  const { code, signal, stderr } = await done;
  assert.deepEqual([code, signal, stderr], [null, 'SIGPIPE', '']);
});

for (const [what, bytes, reason] of [
  ['data', Buffer.concat([packed.subarray(0, 10), Buffer.alloc(100, 0xff)]), 'format violated'],
  ['a trailer', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(100)]), 'crc error'],
]) {
  test(`damage in ${what} ends the run at once, even if stdin stays open`, async () => {
    const { child, done } = start(['-d']);
    child.stdin.write(bytes);
    const { code, stderr } = await done;
    assert.deepEqual([code, stderr], [1, `warpgzip: stdin: invalid compressed data--${reason}\n`]);
  });
}

test('a full disk is an error', async () => {
  const fd = fs.openSync('/dev/full', 'w');
  const { child, done } = start(['-c'], { stdio: ['pipe', fd, 'pipe'] });
  fs.closeSync(fd);
  child.stdin.end(plain);
  const { code, stderr } = await done;
  assert.deepEqual([code, stderr], [1, 'warpgzip: stdout: No space left on device\n']);
});

test('help, version, wrong options', async () => {
  const help = await warpgzip(['-h']);
  assert.equal(help.code, 0);
  for (const option of ['-c, --stdout', '-S, --suffix', '-9, --best', '-p, --threads']) {
    assert.ok(help.stdout.includes(option), option);
  }
  const { version } = require('../../package.json');
  assert.deepEqual(await warpgzip(['-V']), ok(Buffer.from(`warpgzip ${version}\n`)));
  const { code, stderr } = await warpgzip(['-Q']);
  assert.equal(code, 1);
  assert.match(stderr, /^warpgzip: invalid option -- 'Q'\nTry `warpgzip --help'/);
});

test('-p is the number of threads', async () => {
  const { stdout } = await warpgzip(['-p', '1'], { input: Buffer.from('text') });
  assert.equal(zlib.gunzipSync(stdout).toString(), 'text');
  const { code, stderr } = await warpgzip(['-p', 'x']);
  assert.equal(code, 1);
  assert.match(stderr, /^warpgzip: -p: 'x' is not a number from 1 to 256\n$/);
});

test('the environment variable GZIP is not read', async () => {
  const { code, stderr } = await warpgzip([], { env: { GZIP: '--nonsense -v' } });
  assert.deepEqual([code, stderr], [0, '']);
});
