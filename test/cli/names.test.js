// Suffixes, and what the verbose lines and the list are made of.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { cli } = require('./helpers');

const { compressedSuffix, withGuessedSuffix, withoutSuffix } = cli('suffix.js');
const { printable, ratio, shortDate } = cli('list.js');

test("gzip's suffixes are known in any case", () => {
  const suffixes = ['.gz', '.z', '.taz', '.tgz', '-gz', '-z', '_z', '.Z', '.GZ', '.Tgz'];
  for (const suffix of suffixes) assert.equal(compressedSuffix(`a${suffix}`, '.gz'), suffix);
  for (const name of ['a', 'gz', '.gz', 'a/.gz', 'a.gzip', 'agz', '']) {
    assert.equal(compressedSuffix(name, '.gz'), '', name);
  }
});

test('-S makes one more known', () => {
  assert.equal(compressedSuffix('a.xyz', '.gz'), '');
  assert.equal(compressedSuffix('a.xyz', '.xyz'), '.xyz');
  assert.equal(compressedSuffix('a.gz', '.xyz'), '.gz');
});

test('decompressing takes the suffix off', () => {
  assert.equal(withoutSuffix('d/a.gz', '.gz'), 'd/a');
  assert.equal(withoutSuffix('a.tgz', '.gz'), 'a.tar');
  assert.equal(withoutSuffix('a.TAZ', '.gz'), 'a.tar');
  assert.equal(withoutSuffix('a-z', '.gz'), 'a');
  assert.equal(withoutSuffix('a', '.gz'), 'a');
});

test('names without suffix are completed, the one of -S first', () => {
  assert.deepEqual(withGuessedSuffix('a', '.gz'), ['a.gz', 'a.z', 'a-z', 'a.Z']);
  assert.deepEqual(withGuessedSuffix('a', '.q')[0], 'a.q');
  assert.deepEqual(withGuessedSuffix('a.gz', '.gz'), []);
});

test("ratios are gzip's", () => {
  assert.equal(ratio(0, 0), '  0.0%');
  assert.equal(ratio(69.56, 100), ' 69.6%');
  assert.equal(ratio(-2.4, 1), '-240.0%');
});

test('dates are short', () => {
  const seconds = new Date(2001, 1, 3, 4, 5, 6).getTime() / 1000;
  assert.equal(shortDate(seconds), 'Feb  3 04:05');
});

test('control characters of stored names do not reach the terminal', () => {
  assert.equal(printable('a\x1b[31m\nb\x9bü'), 'a?[31m?b?ü');
});

test('what is left of a long run', () => {
  const { formatSeconds } = cli('progress.js');
  for (const [seconds, text] of [
    [0, '0s'],
    [59, '59s'],
    [60, '1m00s'],
    [125, '2m05s'],
    [3600, '1h00m'],
    [7384, '2h03m'],
    [360_000, '100h00m'],
  ]) {
    assert.equal(formatSeconds(seconds), text);
  }
});
