// npm run bench: measures node:zlib and this package alternately in one run. docs/tuning.md says how
// to read what it prints.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { measureBandwidth } = require('./bandwidth.js');
const { loadCorpora } = require('./corpus/corpora.js');
const { judge } = require('./goals.js');
const { describeMachine, describeVersions } = require('./machine.js');
const { modelTable, predict } = require('./model.js');
const { writePlots } = require('./plots.js');
const { goalsTable, scenarioTable } = require('./report.js');
const { runScenario } = require('./runner.js');
const { NAMES } = require('./scenarios/index.js');
const { summarize } = require('./summary.js');

const RESULTS = path.join(__dirname, 'results');

const USAGE = `Usage: npm run bench -- [SCENARIO...] [OPTION...]
  --corpus DIR     measure the files of this folder instead of the Silesia files in ../shared/data
  --only A,B       only these classes of data (silesia, json, html, log, binary, packed)
  --quick          little data and few rounds: shows that it works, not how fast
  --rounds N       how often the sides take turns
  --against DIR    a third side: another built checkout of this package
  --json FILE      write the results there
  --plots DIR      draw what was measured there
  --all            every scenario, results and plots to benchmarks/results
Scenarios: ${NAMES.join(' ')} (default: all)
`;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      corpus: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      against: { type: 'string' },
      json: { type: 'string' },
      plots: { type: 'string' },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = positionals.find((name) => !NAMES.includes(name));
  if (unknown) throw new Error(`there is no scenario ${unknown}; there are ${NAMES.join(', ')}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds must be a whole number above 0, not ${values.rounds}`);
  }
  return {
    ...values,
    rounds,
    only: values.only?.split(','),
    json: values.json ?? (values.all ? path.join(RESULTS, 'results.json') : undefined),
    plots: values.plots ?? (values.all ? RESULTS : undefined),
    scenarios: values.all || positionals.length === 0 ? NAMES : positionals,
  };
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Runs one scenario and prints its table. @returns {Promise<object[]>} a result for each test */
async function measureScenario(name, context) {
  const results = [];
  let title;
  progress(`${name} ...`);
  for await (const { scenario, test, sides } of runScenario(name, context)) {
    title = scenario.title;
    const { packed, ...params } = test.params;
    results.push({
      scenario: name,
      test: test.name,
      corpus: test.corpus.name,
      params,
      ...summarize(sides, scenario.rate),
    });
    progress(`${name}: ${test.name}, ${test.corpus.name}`);
  }
  progress('');
  if (results.length > 0) process.stdout.write(scenarioTable(`${name}: ${title}`, results));
  return results;
}

/** What is reported of a whole run beside its results: everything needed to repeat and judge it. */
async function describeRun(options) {
  return {
    started: new Date().toISOString(),
    quick: options.quick,
    machine: describeMachine(),
    versions: describeVersions(),
    bandwidth: await measureBandwidth(),
  };
}

function printRun({ machine, versions, bandwidth }) {
  const copies = bandwidth.map(
    ({ threads, bytesPerSecond }) => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s on ${threads}`,
  );
  console.log(`${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore}`);
  console.log(`memory copies: ${copies.join(', ')} threads; Node ${versions.node}`);
  if (machine.loadBefore > machine.cores / 2) {
    console.log(
      'The machine is busy: ratios of speed are rough, those of what uses all cores low.',
    );
  }
}

function printGoals(goals, { all, quick }) {
  const judged = goals.filter(({ value }) => all || value !== undefined);
  const title = quick ? 'Goals (of no meaning with --quick: too little data)' : 'Goals';
  if (judged.length > 0) process.stdout.write(`\n${title}\n${goalsTable(judged)}`);
}

/** Numbers of five digits: more mean nothing. Each result and goal is a line, as diffs want it. */
function toJson(report) {
  const round = (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  const line = (value) => JSON.stringify(value, round);
  const fields = Object.entries(report).map(([name, value]) => {
    const text = Array.isArray(value) ? `[\n${value.map(line).join(',\n')}\n]` : line(value);
    return `${line(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}

async function main() {
  const options = readOptions();
  if (options.help) return process.stdout.write(USAGE);
  const start = performance.now();
  const report = await describeRun(options);
  printRun(report);
  const corpora = await loadCorpora(options);
  report.results = [];
  for (const name of options.scenarios) {
    report.results.push(...(await measureScenario(name, { ...options, corpora })));
  }
  const predictions = predict(report);
  if (predictions.length > 0) process.stdout.write(`\nModel\n${modelTable(predictions)}`);
  report.goals = judge(report.results);
  printGoals(report.goals, options);
  report.seconds = Math.round((performance.now() - start) / 1000);
  console.log(`\n${report.seconds} seconds`);
  if (options.json) fs.writeFileSync(path.resolve(options.json), toJson(report));
  if (options.plots) await writePlots(report, path.resolve(options.plots));
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
