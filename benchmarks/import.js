// What loading the package costs above loading node:zlib: milliseconds, the two alternating, each
// in a Node process of its own. Usage: node benchmarks/import.js [RUNS]

const { spawnSync } = require('node:child_process');
const { resolve } = require('node:path');

const runs = Number(process.argv[2] ?? 25);
const root = resolve(__dirname, '..');
const LOADS = {
  "require('zlib')": 'zlib',
  "require('warpdrive-zlib')": root,
  "require('warpdrive-zlib/register')": `${root}/dist/register.js`,
};

function measure(file) {
  const script = `
    const start = process.hrtime.bigint();
    require(${JSON.stringify(file)});
    console.log(Number(process.hrtime.bigint() - start) / 1e6);
  `;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  return Number(stdout);
}

function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))];
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}

const times = Object.fromEntries(Object.keys(LOADS).map((name) => [name, []]));
for (let run = 0; run < runs; run++) {
  for (const [name, file] of Object.entries(LOADS)) times[name].push(measure(file));
}
const base = summary(times["require('zlib')"]).median;
console.table(
  Object.fromEntries(
    Object.entries(times).map(([name, values]) => {
      const { median, p10, p90 } = summary(values);
      const ms = (value) => Number(value.toFixed(2));
      return [name, { median: ms(median), p10: ms(p10), p90: ms(p90), above: ms(median - base) }];
    }),
  ),
);
