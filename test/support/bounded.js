// node:test with a limit for each test and one for the whole file, so that a hang is a failure.

const nodeTest = require('node:test');
const { FILE_LIMIT_MS, TEST_LIMIT_MS } = require('./limits');

let armed = false;

// A native handle that is never released keeps the process alive after the last test; only a timer
// of our own ends that. It is unref'ed: it does not itself keep the process alive.
function armWatchdog() {
  if (armed) return;
  armed = true;
  setTimeout(() => {
    const alive = process.getActiveResourcesInfo().join(', ');
    console.error(`still running after ${FILE_LIMIT_MS / 1000} s; alive: ${alive}`);
    process.exit(1);
  }, FILE_LIMIT_MS).unref();
}

/** node:test's `test` with a default timeout; takes the same arguments. */
function test(name, options, fn) {
  armWatchdog();
  if (typeof options === 'function') return nodeTest(name, { timeout: TEST_LIMIT_MS }, options);
  return nodeTest(name, { timeout: TEST_LIMIT_MS, ...options }, fn);
}

module.exports = { test };
