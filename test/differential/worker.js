// One process of a run: takes its share of the cases from its parent's message and reports back.

const { describe } = require('./report');
const { runCases } = require('./runner');

const REPORT_EVERY_MS = 500;

process.once('message', async (share) => {
  const running = new Set();
  const counts = {};
  const report = () => process.send({ running: [...running], counts });
  const timer = setInterval(report, REPORT_EVERY_MS);
  await runCases(share, {
    onStart: (number) => running.add(number),
    onDone: (made, differences) => {
      running.delete(made.number);
      counts[made.kind] = (counts[made.kind] ?? 0) + 1;
      if (differences.length === 0) return;
      process.send({ difference: describe(made, share.seed, differences) });
    },
  });
  clearInterval(timer);
  report();
  process.disconnect();
});
