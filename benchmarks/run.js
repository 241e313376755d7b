// npm run bench: measures node:zlib and this package alternately in one run. docs/tuning.md says how
// to read what it prints.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { loadCorpora } = require('./corpus/corpora.js');
const { judge } = require('./goals.js');
const { describeMachine, describeVersions } = require('./machine.js');
const { goalsTable, scenarioTable } = require('./report.js');
const { runScenario } = require('./runner.js');
const { NAMES } = require('./scenarios/index.js');
const { summarize } = require('./summary.js');

const USAGE = `Usage: npm run bench -- [SCENARIO...] [OPTION...]
  --corpus DIR     measure the files of this folder instead of the Silesia files in ../shared/data
  --only A,B       only these classes of data (silesia, json, html, log, binary)
  --quick          little data and few rounds: shows that it works, not how fast
  --rounds N       how often the sides take turns
  --against DIR    a third side: another built checkout of this package
  --json FILE      write the results there
  --all            every scenario; results, plots and the model's prediction to benchmarks/results
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

async function main() {
  const options = readOptions();
  if (options.help) return process.stdout.write(USAGE);
  const started = new Date();
  const machine = describeMachine();
  const versions = describeVersions();
  const corpora = await loadCorpora(options);
  console.log(
    `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore}, Node ${versions.node}`,
  );
  if (machine.loadBefore > machine.cores / 2) {
    console.log(
      'The machine is busy: ratios are rough, and those of what uses all cores come out low.',
    );
  }
  const results = [];
  for (const name of options.scenarios) {
    results.push(...(await measureScenario(name, { ...options, corpora })));
  }
  const goals = judge(results);
  const judged = goals.filter(({ value }) => options.all || value !== undefined);
  if (judged.length > 0) process.stdout.write(`\nGoals\n${goalsTable(judged)}`);
  const seconds = Math.round((Date.now() - started.getTime()) / 1000);
  console.log(`\n${seconds} seconds`);
  const report = {
    started: started.toISOString(),
    seconds,
    quick: options.quick,
    machine,
    versions,
    goals,
    results,
  };
  if (options.json)
    fs.writeFileSync(path.resolve(options.json), `${JSON.stringify(report, null, 1)}\n`);
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
