// Runs host programs for the VM tests.

const { spawnSync } = require('node:child_process');

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {string[]} args
 * @param {object} [options] of spawnSync; `input` and `encoding` as there
 * @returns {string} standard output
 * @throws {Error} with the end of standard error when it fails
 */
function run(program, args, options = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    ...options,
  });
  if (result.error) throw new Error(`${program}: ${result.error.message}`);
  if (result.status !== 0) {
    const why = String(result.stderr).trim().split('\n').slice(-8).join('\n');
    throw new Error(`${program} ${args.join(' ')}: exit ${result.status ?? result.signal}\n${why}`);
  }
  return result.stdout;
}

/** Runs a shell pipeline with `$1`, `$2`, ... = args. */
function shell(script, ...args) {
  return run('bash', ['-euo', 'pipefail', '-c', script, 'bash', ...args]);
}

/** Whether a program is on the path. */
function has(program) {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

module.exports = { run, shell, has };
