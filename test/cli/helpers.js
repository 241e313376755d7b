// What the tests of the command line tools share: running them, and files to run them on.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after } = require('node:test');
const { STEP_LIMIT_MS } = require('../support/limits');

const DIST = path.join(__dirname, '..', '..', 'dist');
const WARPGZIP = path.join(DIST, 'cli', 'warpgzip.js');
const WARPDRIVE = path.join(DIST, 'cli', 'warpdrive.js');

/** A module of the built command line tools. */
const cli = (name) => require(path.join(DIST, 'cli', name));

const folders = [];
after(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes when the tests of the file are done. */
function emptyFolder() {
  // The real path, so that messages with paths compare.
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'warpgzip-test-'));
  folders.push(folder);
  return folder;
}

/** A folder with `files`: {name: content}. Names may contain folders. */
function folderWith(files) {
  const folder = emptyFolder();
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  return folder;
}

/** Paths of all that is in a folder, sorted, hidden files included. */
const namesIn = (folder) => fs.readdirSync(folder, { recursive: true }).sort();

/** Whether a run that goes on in the folder has written some of its output. */
const hasPartial = (folder) =>
  namesIn(folder).some(
    (name) => name.startsWith('.warpgzip-') && fs.statSync(path.join(folder, name)).size > 0,
  );

/** Collects what a child process writes; `done` resolves to {code, signal, stdout, stderr}. */
function watch(child) {
  const [stdout, stderr] = [[], []];
  child.stdout?.on('data', (chunk) => stdout.push(chunk));
  child.stderr?.on('data', (chunk) => stderr.push(chunk));
  // A child that ends without reading its input is some tests' subject.
  child.stdin?.on('error', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT_MS);
  const done = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const text = Buffer.concat(stderr).toString();
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: text });
    });
  });
  return { child, stdout, stderr, done };
}

/** Starts warpgzip. `stdio` is that of child_process.spawn(). */
function start(args, { cwd, env = {}, stdio = 'pipe' } = {}) {
  const options = { cwd, stdio, env: { ...process.env, ...env } };
  return watch(spawn(process.execPath, [WARPGZIP, ...args], options));
}

/** Runs warpgzip with `input` (bytes, or the name of a file to redirect) on stdin. */
async function warpgzip(args, { input = '', ...options } = {}) {
  if (typeof input === 'string' && input !== '') {
    const fd = fs.openSync(path.resolve(options.cwd ?? '.', input));
    try {
      return await start(args, { ...options, stdio: [fd, 'pipe', 'pipe'] }).done;
    } finally {
      fs.closeSync(fd);
    }
  }
  const { child, done } = start(args, options);
  child.stdin.end(input);
  return done;
}

/** Runs the system's gzip in the same way. */
function gzip(args, { input = '', cwd } = {}) {
  const { status, signal, stdout, stderr } = spawnSync('gzip', args, {
    cwd,
    input,
    maxBuffer: 2 ** 30,
  });
  return { code: status, signal, stdout, stderr: stderr.toString() };
}

/**
 * Runs warpgzip in this process, where a run costs nothing; for command lines that leave stdin
 * alone. What goes to stdout is `stdout`, if that is asked for by `withStdout`. The working folder of this process becomes `cwd`.
 */
async function inProcess(args, cwd, { withStdout = false } = {}) {
  const { parseCommandLine } = cli('options.js');
  const { workOnAll } = cli('run.js');
  const { Abort, Reporter } = cli('messages.js');
  process.chdir(cwd);
  let stderr = '';
  const command = parseCommandLine(args);
  if (command.kind !== 'run') return { code: 1, stderr: `warpgzip: ${command.message}\n` };
  const reporter = new Reporter(command.options.quiet, (text) => {
    stderr += text;
  });
  const file = withStdout ? path.join(emptyFolder(), 'stdout') : '/dev/null';
  const stdout = fs.openSync(file, 'w');
  try {
    await workOnAll(command.files, { options: command.options, reporter, stdout });
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
    reporter.error(error.message);
  } finally {
    fs.closeSync(stdout);
  }
  const result = { code: reporter.exitCode, stderr };
  return withStdout ? { ...result, stdout: fs.readFileSync(file) } : result;
}

/** A gzip member made by hand: `flags` and `fields` as they are to stand in the header. */
function member(plain, { flags = 0, fields = Buffer.alloc(0), mtime = 0 } = {}) {
  const whole = require('node:zlib').gzipSync(plain);
  whole[3] = flags;
  whole.writeUInt32LE(mtime, 4);
  return Buffer.concat([whole.subarray(0, 10), fields, whole.subarray(10)]);
}

/** A member with the name `name` (bytes) in its header. */
function namedMember(plain, name, mtime = 0) {
  return member(plain, { flags: 8, fields: Buffer.concat([name, Buffer.of(0)]), mtime });
}

/** Bytes that do not compress, always the same. */
function noise(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0, state = 1; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** Waits until `condition` is true of something that no event tells. */
async function until(condition) {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > STEP_LIMIT_MS) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts `command` (a shell's text) with a terminal on all three of its standard streams. */
function startOnTerminal(command, cwd) {
  const python =
    'import os,pty,sys;sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh","-c",sys.argv[1]])))';
  const [file, args] =
    terminal() === 'script'
      ? ['script', ['-qec', command, '/dev/null']]
      : ['python3', ['-c', python, command]];
  return watch(spawn(file, args, { cwd, env: { ...process.env, SHELL: '/bin/sh' } }));
}

/** The program that can make a terminal here, if any. */
function terminal() {
  const has = (file) => spawnSync(file, ['--version']).error === undefined;
  return ['script', 'python3'].find(has);
}

module.exports = {
  WARPGZIP,
  WARPDRIVE,
  cli,
  emptyFolder,
  folderWith,
  hasPartial,
  namesIn,
  start,
  warpgzip,
  gzip,
  inProcess,
  member,
  namedMember,
  noise,
  until,
  startOnTerminal,
  terminal,
};
