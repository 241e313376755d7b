// From the runs of a test to what is reported of it.

const { max, median, min } = require('simple-statistics');

const GB = 1e9;

function numbers(runs, name) {
  return runs.map((run) => run[name]).filter((value) => Number.isFinite(value));
}

function medianOf(runs, name) {
  const values = numbers(runs, name);
  return values.length > 0 ? median(values) : undefined;
}

/** a / b, or undefined where that is no number. */
const divide = (a, b) => (Number.isFinite(a / b) ? a / b : undefined);

/** Adds what follows from the numbers of one run. */
function derive(run, counts) {
  const gigabytes = run.bytesIn / GB;
  return {
    ...run,
    rate: run.rate ?? (counts === 'bytes' ? run.bytesIn : run.operations) / run.seconds,
    cpuPerGB: divide(run.cpuSeconds, gigabytes),
    mainCpuPerGB: divide(run.mainCpuSeconds, gigabytes),
    mainMicros: divide(run.mainCpuSeconds * 1e6, run.operations),
  };
}

const METRICS = [
  'rate',
  'seconds',
  'cpuPerGB',
  'mainCpuPerGB',
  'mainMicros',
  'peakBytes',
  'addedBytes',
  'p50Ms',
  'p99Ms',
];

function ratiosOf(side, base) {
  const ratio = Object.fromEntries(
    METRICS.map((name) => [name, divide(side.median[name], base.median[name])]),
  );
  if (side.sizes && base.sizes) {
    ratio.sizes = Object.fromEntries(
      Object.entries(side.sizes).map(([file, size]) => [file, divide(size, base.sizes[file])]),
    );
    ratio.size = divide(side.bytesOut, base.bytesOut);
  }
  return ratio;
}

/**
 * @param {{ name: string, runs: object[] }[]} sides what was run, the first one the base; run number
 *   i of each side was made in the same round
 * @param {string} [counts] 'bytes' or 'operations'
 * @returns each side's medians, its ratios of medians to the base's, the ratio of the fastest rounds
 *   (`best`), and the smallest and largest ratio of speed of any round
 */
function summarize(sides, counts) {
  const rate = counts ?? (sides[0].runs[0].operations === undefined ? 'bytes' : 'operations');
  const summaries = sides.map(({ name, runs, verified }) => {
    const derived = runs.map((run) => derive(run, rate));
    const { sizes, bytesIn } = derived.at(-1);
    return {
      name,
      verified,
      derived,
      rounds: runs.length,
      bytesIn,
      sizes,
      bytesOut: sizes && Object.values(sizes).reduce((sum, size) => sum + size, 0),
      median: Object.fromEntries(METRICS.map((metric) => [metric, medianOf(derived, metric)])),
    };
  });
  const base = summaries[0];
  return {
    rate,
    sides: summaries.map(({ derived, ...side }) => {
      const rounds = derived.map((run, round) => run.rate / (base.derived[round] ?? run).rate);
      const best = max(numbers(derived, 'rate')) / max(numbers(base.derived, 'rate'));
      const ratio = { ...ratiosOf(side, base), best };
      return { ...side, ratio, spread: [min(rounds), max(rounds)] };
    }),
  };
}

module.exports = { summarize };
