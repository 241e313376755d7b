// npm run calibrate: what the codec settings are chosen from. Measures every setting of every codec
// on the benchmark's data, one thread, against node:zlib, and prints for each of zlib's levels what
// comes close: its size for each file, and its speed. native/software/codecs/plan.cc names the
// choice; the row "plan" is what the choice comes to.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs, promisify } = require('node:util');
const zlib = require('node:zlib');
const { loadCorpora } = require('./corpus/corpora.js');
const { GOALS } = require('./goals.js');
const { describeMachine } = require('./machine.js');

const NATIVE = path.join(__dirname, 'native');
const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Settings that are larger than that for some file, but by no more than this, are shown too. */
const SHOWN = 1.05;
const RUNS = 2;

const run = promisify(execFile);

/** What a level's size may be, relative to zlib's. */
function limitOf(level) {
  const isGoal = ({ scenario, where, limits }) =>
    scenario === 'stream' && limits.size && where({ params: { level } });
  return GOALS.find(isGoal).limits.size.atMost;
}

/** Bytes and seconds of CPU of node:zlib at a level; the shorter of two runs. */
function measureNode(data, level) {
  let seconds = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let count = 0; count < RUNS; count++) {
    const start = process.cpuUsage();
    bytes = zlib.deflateRawSync(data, { level }).length;
    const { user, system } = process.cpuUsage(start);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  return { bytes, seconds };
}

/** { setting: { bytes, seconds } } */
async function measureSettings(file, ...only) {
  const { stdout } = await run(path.join(NATIVE, 'out/codec-settings'), [...only, file]);
  const rows = stdout.trimEnd().split('\n');
  return Object.fromEntries(
    rows.map((row) => {
      const [, name, bytes, nanoseconds] = row.split('\t');
      return [name, { bytes: Number(bytes), seconds: Number(nanoseconds) / 1e9 }];
    }),
  );
}

/** How much more two of a codec do at the same time than one: what two threads can give at most. */
async function measureTwo(file, setting) {
  const measureOne = async () => (await measureSettings(file, '--only', setting))[setting].seconds;
  const alone = await measureOne();
  const together = await Promise.all([measureOne(), measureOne()]);
  return (2 * alone) / Math.max(...together);
}

async function measure(files) {
  const measured = [];
  for (const { name, path: file } of files) {
    process.stderr.write(`${name} ...\n`);
    const data = fs.readFileSync(file);
    const node = Object.fromEntries(LEVELS.map((level) => [level, measureNode(data, level)]));
    measured.push({ name, node, settings: await measureSettings(file) });
  }
  return measured;
}

/** A setting against a level of node:zlib: size of each file, and speed over all of them. */
function compare(measured, setting, level) {
  const total = (pick) => measured.reduce((sum, file) => sum + pick(file), 0);
  const sizes = measured.map(({ node, settings }) => settings[setting].bytes / node[level].bytes);
  const speed =
    total(({ node }) => node[level].seconds) / total(({ settings }) => settings[setting].seconds);
  return { setting, sizes, speed, worst: Math.max(...sizes) };
}

function printLevel(measured, level) {
  const limit = limitOf(level);
  const names = Object.keys(measured[0].settings).filter((name) => !name.startsWith('plan'));
  const rows = names
    .map((name) => compare(measured, name, level))
    .filter(({ worst }) => worst <= SHOWN)
    .sort((a, b) => b.speed - a.speed);
  const fastest = rows.find(({ worst }) => worst <= limit);
  // What is slower than the fastest that holds the limit has nothing to say for it.
  const shown = fastest ? rows.slice(0, rows.indexOf(fastest) + 1) : rows;
  console.log(`\nlevel ${level}: size at most ${limit} of zlib's`);
  const print = ({ setting, sizes, speed }) => {
    const cells = sizes.map((size) => `${size.toFixed(4)}${size > limit ? '!' : ' '}`.padStart(9));
    console.log(`  ${setting.padEnd(14)} ${speed.toFixed(2).padStart(5)}x ${cells.join('')}`);
  };
  shown.forEach(print);
  print({ ...compare(measured, `plan ${level}`, level), setting: 'plan' });
}

async function main() {
  const { values } = parseArgs({
    options: {
      corpus: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  await run('make', ['-s', '-C', NATIVE, 'out/codec-settings']);
  const corpora = await loadCorpora({ ...values, only: values.only?.split(',') });
  const measured = await measure(corpora.flatMap(({ files }) => files));
  console.log(`${describeMachine().cpu}; sizes and speed of one thread against node:zlib`);
  const names = measured.map(({ name }) => name.slice(0, 8).padStart(9));
  console.log(`  ${''.padEnd(14)} ${'speed'.padStart(6)} ${names.join('')}`);
  for (const level of LEVELS) printLevel(measured, level);
  console.log('\nthe same at once on two threads that share nothing, against one');
  for (const setting of ['isal 2', 'libdeflate 6', 'libdeflate 8']) {
    if (!measured[0].settings[setting]) continue;
    const growth = await measureTwo(corpora[0].files[0].path, setting);
    console.log(`  ${setting.padEnd(14)} ${growth.toFixed(2).padStart(5)}x`);
  }
}

main().catch((error) => {
  console.error(`calibrate: ${error.message}`);
  process.exitCode = 1;
});
