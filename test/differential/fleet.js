// Spreads the cases of a run over processes and gathers what they report.

const { fork } = require('node:child_process');
const path = require('node:path');
const { STEP_LIMIT_MS } = require('../support/limits');
const { replayLine } = require('./report');

const PROCESSES = 2;

/** One process; resolves to {counts, differences} when it has ended. */
function runProcess(share, onDifference) {
  return new Promise((resolve) => {
    const child = fork(path.join(__dirname, 'worker.js'), {
      // The test runner's own channel is not for the child.
      env: { ...process.env, NODE_TEST_CONTEXT: '' },
    });
    let counts = {};
    let running = [];
    let finished = false;
    const found = [];
    const add = (difference) => {
      found.push(difference);
      onDifference(difference);
    };
    const kill = () => child.kill('SIGKILL');
    // It reports twice a second while its event loop turns.
    const timer = setTimeout(kill, STEP_LIMIT_MS);
    child.on('message', ({ difference, ...progress }) => {
      timer.refresh();
      if (difference) add(difference);
      else ({ counts, running } = progress);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      finished = code === 0;
      if (!finished) {
        const lines = running.map((number) => `  ${replayLine(share.seed, number)}`);
        const text = `A process ended with ${signal ?? code}, in one of or shortly after these cases:`;
        add({ number: -1, text: [text, ...lines].join('\n') });
      }
      resolve({ counts, found });
    });
    child.send(share);
  });
}

/**
 * Runs `cases` cases of a seed, from number `from` on, and begins none after `seconds`. Calls
 * `onDifference({number, text})` as they are found.
 * @returns {Promise<{total, counts, differences, seconds}>} `counts` by kind of case
 */
async function runFleet({ seed, cases, from = 0, seconds }, onDifference = () => {}) {
  const begin = Date.now();
  const deadline = seconds && begin + 1000 * seconds;
  const shares = Array.from({ length: PROCESSES }, (_, i) => ({
    seed,
    from: from + i,
    to: from + cases,
    step: PROCESSES,
    deadline,
  }));
  const results = await Promise.all(shares.map((share) => runProcess(share, onDifference)));
  const counts = {};
  for (const result of results) {
    for (const [kind, count] of Object.entries(result.counts)) {
      counts[kind] = (counts[kind] ?? 0) + count;
    }
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const differences = results.flatMap((result) => result.found);
  return { total, counts, differences, seconds: (Date.now() - begin) / 1000 };
}

module.exports = { runFleet };
