// The same command line, given to gzip and to warpgzip in equal folders, must do the same: exit
// status, messages, files and their contents.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const zlib = require('node:zlib');
const { makeFixture } = require('./fixture');
const { gzip, inProcess } = require('./helpers');

/** Ratios of compressed files are the codec's, and gzip's order of directory entries is chance. */
const COMMON = [
  ['a'],
  ['-k', 'a', 'empty', 'with space'],
  ['-1', 'a'],
  ['-9k', 'a'],
  ['-n', 'a'],
  ['-kS', '.q', 'a'],
  ['-k', '--suffix=.z', 'a'],
  ['--', 'a'],
  // What is there already.
  ['exists'],
  ['-q', 'exists'],
  ['-f', 'exists'],
  ['-fk', 'exists'],
  ['-d', 'exists.gz'],
  ['dir'],
  ['-f', 'dir'],
  // Suffixes.
  ['w.gz'],
  ['-q', 'w.gz'],
  ['-f', 'w.gz'],
  ['x.tgz', 'y.Z', 'z.GZ', 'dash-gz'],
  ['-S', '.q', 'w.gz'],
  ['-d', 'a'],
  ['-dq', 'a'],
  ['-df', 'a'],
  ['-dv', 'a'],
  ['-d', 'w.gz'],
  ['-dk', 'w.gz'],
  ['-dkv', 'w.gz'],
  ['-dv', 'w.gz'],
  ['-d', 'w'],
  ['-d', 'y'],
  ['-dk', 'x.tgz'],
  ['-dkv', 'x.taz', 'y.Z', 'z.GZ', 'dash-gz'],
  // Kinds of files.
  ['d'],
  ['-q', 'd'],
  ['-d', 'd'],
  ['-t', 'd'],
  ['nowhere'],
  ['-d', 'nowhere'],
  ['-d', 'nowhere.gz'],
  ['-t', 'nowhere'],
  ['a/'],
  ['a/b'],
  ['b'],
  ['-d', 'b'],
  ['-f', 'b'],
  ['a-symlink'],
  ['-d', 'a-symlink'],
  ['-f', 'a-symlink'],
  ['-kf', 'a-symlink'],
  ['dangling'],
  ['-f', 'dangling'],
  ['fifo'],
  ['setuid', 'setgid', 'sticky'],
  ['-f', 'setuid', 'setgid', 'sticky'],
  ['old'],
  ['-q', 'old'],
  ['-nk', 'old'],
  // Names.
  ['-dN', 'named.gz'],
  ['-dvN', 'named.gz'],
  ['-d', 'named.gz'],
  ['-dNn', 'named.gz'],
  ['-dN', 'dot.gz'],
  // Folders.
  ['-r', 'tree'],
  ['-rk', 'tree', 'a'],
  ['-rd', 'packed'],
  ['-rt', 'packed'],
  ['-rtv', 'packed/q'],
  // Testing, and damage.
  ['-t', 'w.gz', 'two.gz', 'named.gz'],
  ['-tv', 'w.gz', 'two.gz'],
  ['-tq', 'w.gz'],
  ['-t', 'plain.gz'],
  ['-t', 'empty.gz'],
  ['-tf', 'empty.gz'],
  ['-tf', 'plain.gz'],
  ['-d', 'plain.gz'],
  ['-d', 'two.gz'],
  ['-d', 'garbage.gz'],
  ['-dq', 'garbage.gz'],
  ['-t', 'garbage.gz'],
  ['-t', 'zeros.gz'],
  ['-d', 'zeros.gz'],
  ['-t', 'zeros-then.gz'],
  ['-t', 'magic.gz'],
  ['-d', 'cut.gz'],
  ['-t', 'cut-header.gz'],
  ['-t', 'cut-trailer.gz'],
  ['-t', 'cut-second.gz'],
  ['-d', 'crc.gz'],
  ['-d', 'length.gz'],
  ['-t', 'method.gz'],
];

/** Everything in `folder` that a user sees, contents of compressed files decompressed. */
function snapshot(folder) {
  const seen = {};
  for (const name of fs.readdirSync(folder, { recursive: true }).sort()) {
    const file = path.join(folder, name);
    const stat = fs.lstatSync(file);
    seen[name] = [stat.mode.toString(8), stat.isFile() ? contentOf(file) : ''];
    if (stat.isFile()) seen[name].push(Math.floor(stat.mtimeMs));
  }
  return seen;
}

const digest = (bytes) => createHash('md5').update(bytes).digest('hex');

function contentOf(file) {
  const bytes = fs.readFileSync(file);
  try {
    const plain = digest(zlib.gunzipSync(bytes));
    // The header in full: flags, time, extra flags, system and name must be gzip's too.
    const header = bytes.subarray(0, bytes[3] === 8 ? bytes.indexOf(0, 10) : 10);
    return `gzip ${header.toString('latin1')} ${plain}`;
  } catch {
    return digest(bytes);
  }
}

/** gzip breaks lines where its verbose line has begun; warpgzip writes that line at once. */
function messages(stderr) {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^gzip: /, 'warpgzip: '));
}

for (const args of COMMON) {
  test(args.join(' '), async () => {
    const [theirs, ours] = [makeFixture(args), makeFixture(args)];
    const expected = gzip(args, { cwd: theirs });
    const actual = await inProcess(args, ours);
    assert.deepEqual(messages(actual.stderr), messages(expected.stderr));
    assert.equal(actual.code, expected.code);
    assert.deepEqual(snapshot(ours), snapshot(theirs));
  });
}
