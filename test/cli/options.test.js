// The command line of warpgzip, read without running it.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { cli } = require('./helpers');

const { parseCommandLine } = cli('options.js');

/** What `args` changes in the options of an empty command line, and the files. */
function changes(...args) {
  const command = parseCommandLine(args);
  assert.equal(command.kind, 'run', command.message);
  const { options } = parseCommandLine([]);
  const changed = Object.entries(command.options).filter(([key, value]) => options[key] !== value);
  return { ...Object.fromEntries(changed), files: command.files };
}

const FLAGS = [
  ['-c', '--stdout', { toStdout: true }],
  ['-c', '--to-stdout', { toStdout: true }],
  ['-d', '--decompress', { decompress: true }],
  ['-d', '--uncompress', { decompress: true }],
  ['-f', '--force', { force: true }],
  ['-k', '--keep', { keep: true }],
  ['-l', '--list', { list: true, decompress: true, toStdout: true }],
  ['-t', '--test', { test: true, decompress: true, toStdout: true }],
  ['-n', '--no-name', { name: false }],
  ['-N', '--name', { name: true }],
  ['-q', '--quiet', { quiet: true }],
  ['-q', '--silent', { quiet: true }],
  ['-r', '--recursive', { recursive: true }],
  ['-v', '--verbose', { verbose: true }],
  ['-1', '--fast', { level: 1 }],
  ['-9', '--best', { level: 9 }],
];

for (const [short, long, expected] of FLAGS) {
  test(`${short} and ${long}`, () => {
    assert.deepEqual(changes(short), { ...expected, files: [] });
    assert.deepEqual(changes(long, 'file'), { ...expected, files: ['file'] });
  });
}

test('defaults', () => {
  const { options, files } = parseCommandLine([]);
  assert.deepEqual(files, []);
  assert.equal(options.level, 6);
  assert.equal(options.suffix, '.gz');
  assert.equal(options.threads, undefined);
});

test('every level, the last one wins', () => {
  for (const level of [1, 2, 3, 4, 5, 7, 8, 9]) {
    assert.deepEqual(changes(`-${level}`), { level, files: [] });
  }
  assert.equal(changes('-19').level, 9);
  assert.equal(changes('-91').level, 1);
  assert.equal(changes('--best', '--fast').level, 1);
});

test('short flags together, values attached or not', () => {
  assert.deepEqual(changes('-dc', 'a'), { decompress: true, toStdout: true, files: ['a'] });
  assert.deepEqual(changes('-9k'), { level: 9, keep: true, files: [] });
  const both = { keep: true, verbose: true, suffix: '.z', files: ['a'] };
  assert.deepEqual(changes('-kvS', '.z', 'a'), both);
  assert.deepEqual(changes('-kvS.z', 'a'), both);
  assert.deepEqual(changes('--suffix=.z', '-kv', 'a'), both);
  assert.deepEqual(changes('a', '--suffix', '.z', '-kv'), both);
  assert.deepEqual(changes('-S', '-gz'), { suffix: '-gz', files: [] });
});

test('-p and --threads', () => {
  assert.equal(changes('-p', '3').threads, 3);
  assert.equal(changes('-p3').threads, 3);
  assert.equal(changes('--threads=12').threads, 12);
});

test('-p takes the numbers that configure() takes, and names what it refuses', () => {
  const refused = (option, text) => ({
    kind: 'error',
    message: `${option}: '${text}' is not a number from 1 to 256`,
  });
  for (const text of ['x', '', '0', '-1', '257', '1.5', '0x10']) {
    assert.deepEqual(parseCommandLine(['-p', text, 'a']), refused('-p', text));
    assert.deepEqual(parseCommandLine([`--threads=${text}`]), refused('--threads', text));
  }
  for (const threads of [1, 256]) assert.equal(changes('-p', `${threads}`).threads, threads);
});

test('what has no effect in gzip has none here', () => {
  for (const args of [['-a'], ['--ascii'], ['-b', '12'], ['-b9'], ['--bits=9']]) {
    assert.deepEqual(changes(...args, 'file'), { files: ['file'] });
  }
  assert.equal(parseCommandLine(['-bx']).message, '-b operand is not an integer');
});

test('-q and -v, -n and -N: the later one wins', () => {
  assert.deepEqual(changes('-qv'), { verbose: true, files: [] });
  assert.deepEqual(changes('-vq'), { quiet: true, files: [] });
  assert.equal(changes('-nN').name, true);
  assert.equal(changes('-Nn').name, false);
});

test('- is a file, -- ends the options', () => {
  assert.deepEqual(changes('-', '-k'), { keep: true, files: ['-'] });
  assert.deepEqual(changes('-k', '--', '-d', '--de', '-'), {
    keep: true,
    files: ['-d', '--de', '-'],
  });
});

test('long options may be abbreviated', () => {
  assert.equal(changes('--dec').decompress, true);
  assert.equal(changes('--suf=.q').suffix, '.q');
  assert.equal(changes('--na').name, true);
});

test('help and version, before what follows them is looked at', () => {
  for (const help of ['-h', '--help', '--he', '-kh']) {
    assert.equal(parseCommandLine([help, '--nonsense']).kind, 'help');
  }
  for (const version of ['-V', '--version']) {
    assert.equal(parseCommandLine([version]).kind, 'version');
  }
});

const ERRORS = [
  [['-Q'], "invalid option -- 'Q'"],
  [['-kQ'], "invalid option -- 'Q'"],
  [['-0'], "invalid option -- '0'"],
  [['--nonsense'], "unrecognized option '--nonsense'"],
  [['--nonsense=3'], "unrecognized option '--nonsense=3'"],
  [['--level-3'], "unrecognized option '--level-3'"],
  [['-S'], "option requires an argument -- 'S'"],
  [['--suffix'], "option '--suffix' requires an argument"],
  [['--keep=3'], "option '--keep' doesn't allow an argument"],
  [['--rsyncable'], "option '--rsyncable' is not supported"],
];

for (const [args, message] of ERRORS) {
  test(`${args.join(' ')} is refused`, () => {
    assert.deepEqual(parseCommandLine(args), {
      kind: 'error',
      message: `${message}\nTry \`warpgzip --help' for more information.`,
    });
  });
}

test('an ambiguous abbreviation is refused with its meanings', () => {
  const { kind, message } = parseCommandLine(['--s', 'file']);
  assert.equal(kind, 'error');
  assert.match(message, /^option '--s' is ambiguous; possibilities: '--stdout' '--silent' /);
});

test('suffixes that cannot be are refused', () => {
  for (const suffix of ['', 'a/b', '/', '.'.padEnd(31, 'x')]) {
    assert.deepEqual(parseCommandLine(['-S', suffix]), {
      kind: 'error',
      message: `invalid suffix '${suffix}'`,
    });
  }
});
