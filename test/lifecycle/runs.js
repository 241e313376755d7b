// How many random cases: WARPDRIVE_RUNS=50 makes fifty times as many.

const factor = Number(process.env.WARPDRIVE_RUNS ?? 1);
if (!(factor > 0)) throw new Error(`WARPDRIVE_RUNS is no number: ${process.env.WARPDRIVE_RUNS}`);

const runs = (count) => Math.max(1, Math.round(count * factor));

module.exports = { runs };
