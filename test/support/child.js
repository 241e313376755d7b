// Runs a function in a Node process of its own, with a limit: a hang is a failure.

const { spawn } = require('node:child_process');
const { STEP_LIMIT_MS } = require('./limits');
const { subjectPath } = require('./subject');

/**
 * Runs a program and resolves to {code, signal, stdout, stderr}; one that hangs is killed, which
 * `signal` then shows.
 */
function runProgram(file, args, { env = {}, input, cwd } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env } });
    const stdout = [];
    const stderr = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT_MS);
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    // A program may end without reading all of its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/**
 * Runs `scene(zlib, argument)` in a new Node process: `zlib` is the subject (or the module that
 * `options.zlib` names), `argument` anything that survives JSON, `require` is at hand, nothing
 * else of the caller's scope is.
 */
function runScene(scene, argument, options = {}) {
  const { execArgv = [], env, zlib = subjectPath, ...rest } = options;
  const script = `(${scene})(require(${JSON.stringify(zlib)}), ${JSON.stringify(argument)})`;
  return runProgram(process.execPath, [...execArgv, '-e', script], {
    ...rest,
    // The test runner's own channel is not for the child.
    env: { NODE_TEST_CONTEXT: '', ...env },
  });
}

/** Runs ECMAScript module source in a new Node process. */
function runModule(source, options = {}) {
  return runProgram(process.execPath, ['--input-type=module', '-e', source], {
    ...options,
    env: { NODE_TEST_CONTEXT: '', ...options.env },
  });
}

module.exports = { runModule, runProgram, runScene };
