// How many random cases: WARPDRIVE_RUNS=10 makes ten times as many. A file ends after 240 s
// (support/bounded.js): for more, run it several times, each with a seed of its own.

const factor = Number(process.env.WARPDRIVE_RUNS ?? 1);
if (!(factor > 0)) throw new Error(`WARPDRIVE_RUNS is no number: ${process.env.WARPDRIVE_RUNS}`);

const runs = (count) => Math.max(1, Math.round(count * factor));

module.exports = { runs };
