#!/usr/bin/env node
// Compares this package with node:zlib on random cases. Exits with 1 if there is a difference.
//   node test/differential/run.js [--seed N] [--cases N] [--from K] [--seconds LIMIT]
//   node test/differential/run.js --seed N --case K      one case again, made simpler if possible

const { randomInt } = require('node:crypto');
const { parseArgs } = require('node:util');
const { makeCase } = require('./cases');
const { runFleet } = require('./fleet');
const { describe, describeCase, describeDifferences } = require('./report');
const { differencesOf } = require('./runner');
const { shrink } = require('./shrink');

const DEFAULT_CASES = 5000;
const DEFAULT_SECONDS = 240;
const MOST_PRINTED = 20;

function readNumbers() {
  const options = Object.fromEntries(
    ['seed', 'cases', 'from', 'seconds', 'case'].map((name) => [name, { type: 'string' }]),
  );
  const { values } = parseArgs({ options });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const number = Number(value);
      if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} ${value}`);
      return [name, number];
    }),
  );
}

async function replay(seed, number) {
  const made = makeCase(seed, number);
  const differences = await differencesOf(made);
  if (differences.length === 0) {
    console.log(`no difference\n${describeCase(made)}`);
    return false;
  }
  console.log(describe(made, seed, differences).text);
  const simpler = await shrink(made, differences);
  console.log(`simpler:\n${describeCase(simpler.made)}`);
  console.log(describeDifferences(simpler.differences));
  return true;
}

async function run({ seed, cases, from, seconds }) {
  let printed = 0;
  const result = await runFleet({ seed, cases, from, seconds }, ({ text }) => {
    if (printed++ < MOST_PRINTED) console.log(`${text}\n`);
  });
  for (const [kind, count] of Object.entries(result.counts).sort()) {
    console.log(`${kind.padEnd(20)} ${count}`);
  }
  const rate = (result.total / result.seconds).toFixed(0);
  const { length } = result.differences;
  console.log(
    `seed ${seed}: ${result.total} cases in ${result.seconds.toFixed(1)} s, ${rate}/s, ${length} differences`,
  );
  return length > 0;
}

async function main() {
  const given = readNumbers();
  const seed = given.seed ?? randomInt(2 ** 31);
  console.log(`seed ${seed}, Node ${process.version}, zlib ${process.versions.zlib}`);
  const { cases = DEFAULT_CASES, from = 0, seconds = DEFAULT_SECONDS } = given;
  const differs =
    given.case === undefined
      ? await run({ seed, cases, from, seconds })
      : await replay(seed, given.case);
  // A stream that hangs keeps the process alive.
  process.exit(differs ? 1 : 0);
}

main();
