// Programs of the system that read and write gzip.

const { spawnSync } = require('node:child_process');

/** Is there such a program, and does it run? */
function available(program, args = ['--version']) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Skips test `t` for want of a program, with a reason; in CI, where all are installed, fails.
 * Returns true if the test is to go on.
 */
function needs(t, program) {
  if (available(program)) return true;
  if (process.env.CI) throw new Error(`${program} is not installed, and in CI it must be`);
  t.skip(`${program} is not installed`);
  return false;
}

module.exports = { available, needs };
