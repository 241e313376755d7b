// What depends on a terminal: refusals, questions, the progress bar.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const {
  WARPGZIP,
  folderWith,
  hasPartial,
  member,
  namesIn,
  startOnTerminal,
  terminal,
  until,
} = require('./helpers');

const skip = terminal() ? false : 'needs script or python3 to make a terminal';
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const command = `${quote(process.execPath)} ${quote(WARPGZIP)}`;

/** Runs `warpgzip ${args}` on a terminal, typing `answer` when asked something. */
async function run(args, cwd, answer) {
  const { child, stdout, done } = startOnTerminal(`${command} ${args}`, cwd);
  if (answer) {
    await until(() => Buffer.concat(stdout).includes('(y or n)?'));
    child.stdin.write(answer);
  }
  const { code, stdout: all } = await done;
  child.stdin.end();
  return { code, screen: all.toString().replaceAll('\r\n', '\n') };
}

const refusal = (how, what) =>
  `warpgzip: compressed data not ${how} a terminal. Use -f to force ${what}.\n` +
  'For help, type: warpgzip -h\n';

describe('on a terminal', { skip }, () => {
  test('compressed data is not written to it', async () => {
    const cwd = folderWith({ a: 'text' });
    const expected = { code: 1, screen: refusal('written to', 'compression') };
    for (const args of ['', '-c a']) assert.deepEqual(await run(args, cwd), expected);
  });

  test('compressed data is not read from it', async () => {
    const expected = { code: 1, screen: refusal('read from', 'decompression') };
    for (const args of ['-d', '-t']) assert.deepEqual(await run(args), expected);
  });

  test('-f writes to it, and text always goes there', async () => {
    const cwd = folderWith({ a: 'text', 'b.gz': member('text') });
    const forced = await run('-cf a', cwd);
    assert.equal(forced.code, 0);
    assert.ok(forced.screen.includes('\x1f'));
    assert.deepEqual(await run('-dc b', cwd), { code: 0, screen: 'text' });
  });

  for (const [answer, code, content, said] of [
    ['y\n', 0, undefined, ''],
    ['n\n', 2, 'old', '\tnot overwritten\n'],
    ['\n', 2, 'old', '\tnot overwritten\n'],
  ]) {
    test(`overwriting is asked for: ${JSON.stringify(answer)}`, async () => {
      const cwd = folderWith({ a: 'text', 'a.gz': 'old' });
      const { code: actual, screen } = await run('a', cwd, answer);
      const question = 'warpgzip: a.gz already exists; do you wish to overwrite (y or n)? ';
      assert.equal(screen, `${question}${answer}${said}`);
      assert.equal(actual, code);
      assert.deepEqual(namesIn(cwd), content ? ['a', 'a.gz'] : ['a.gz']);
      if (content) assert.equal(fs.readFileSync(path.join(cwd, 'a.gz'), 'latin1'), content);
    });
  }

  test('no progress bar for what is done at once', async () => {
    const cwd = folderWith({ a: 'text' });
    assert.deepEqual(await run('a', cwd), { code: 0, screen: '' });
  });

  /** Compresses a file that takes very long, with stderr on the terminal, up to Ctrl-C. */
  async function slow(args, cwd, isDue) {
    fs.writeFileSync(path.join(cwd, 'big'), '');
    fs.truncateSync(path.join(cwd, 'big'), 2 ** 35);
    const { child, stdout, done } = startOnTerminal(`${command} -p 1 ${args} big`, cwd);
    const screen = () => Buffer.concat(stdout).toString();
    await isDue(screen);
    child.stdin.write('\x03');
    await done;
    return screen();
  }

  test('a progress bar after a while, gone after Ctrl-C', async () => {
    const cwd = folderWith({});
    const screen = await slow('-9', cwd, (seen) =>
      until(() => /big [#.]+ \d+% ETA \d+[smh]/.test(seen())),
    );
    const last = screen.slice(screen.lastIndexOf('ETA'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: clears the line.
    assert.match(last, /\x1b\[0K/);
    assert.deepEqual(namesIn(cwd), ['big']);
  });

  test('no progress bar with -q', async () => {
    const cwd = folderWith({});
    const screen = await slow('-9q', cwd, async () => {
      await until(() => hasPartial(cwd));
      await new Promise((done) => setTimeout(done, 1200));
    });
    assert.equal(screen.replace('^C', ''), '');
    assert.deepEqual(namesIn(cwd), ['big']);
  });
});
