// That the benchmark measures what it says: every scenario gives complete results, wrong output is
// found, and goals are judged. No assertion is about how fast anything is.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { promisify } = require('node:util');
const { gunzipSync } = require('node:zlib');
const generators = require('../corpus/generate.js');
const { writeMembers } = require('../corpus/members.js');
const { judge } = require('../goals.js');
const { predict } = require('../model.js');
const { NAMES } = require('../scenarios/index.js');
const { summarize } = require('../summary.js');

const run = promisify(execFile);
const RUN = path.resolve(__dirname, '../run.js');
const bench = (...args) => run(process.execPath, [RUN, ...args], { maxBuffer: 16 << 20 });

let folder;
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-bench-'));
});
after(() => fs.rmSync(folder, { recursive: true }));

test('generated data is the same in every run and compresses like real data', () => {
  for (const [kind, generate] of Object.entries(generators)) {
    const data = generate(1 << 18);
    const hash = (buffer) => createHash('sha1').update(buffer).digest('hex');
    assert.equal(data.length, 1 << 18);
    assert.equal(hash(generate(1 << 18)), hash(data), kind);
    const ratio = require('node:zlib').gzipSync(data).length / data.length;
    const [least, most] = kind === 'packed' ? [0.99, 1.01] : [0.1, 0.6];
    assert.ok(ratio > least && ratio < most, `${kind} compresses to ${ratio}`);
  }
});

test('files of several members decode to the original', () => {
  const source = path.join(folder, 'source');
  const target = path.join(folder, 'source.gz');
  const data = generators.log(3 << 20);
  fs.writeFileSync(source, data);
  for (const kind of ['bgzip', 'concatenated']) {
    writeMembers(source, target, kind);
    assert.ok(gunzipSync(fs.readFileSync(target)).equals(data), kind);
  }
});

test('every scenario gives complete results and plots', async () => {
  const json = path.join(folder, 'results.json');
  const plots = path.join(folder, 'plots');
  const options = ['--quick', '--rounds', '1', '--only', 'json', '--json', json, '--plots', plots];
  const { stdout } = await bench(...options);
  const report = JSON.parse(fs.readFileSync(json, 'utf8'));
  assert.deepEqual([...new Set(report.results.map(({ scenario }) => scenario))], NAMES);
  for (const { scenario, test: name, sides } of report.results) {
    assert.ok(sides.length >= 2, `${scenario}, ${name} compares nothing`);
    for (const side of sides) {
      const label = `${scenario}, ${name}, ${side.name}`;
      assert.ok(side.median.rate > 0, label);
      assert.ok(side.median.cpuPerGB > 0, label);
      assert.ok(side.median.peakBytes > 1e6, label);
      // 64 bytes become a little more.
      if (side.sizes) assert.ok(side.bytesOut > 0 && side.bytesOut < 2 * side.bytesIn, label);
      assert.ok(stdout.includes(side.name), label);
    }
  }
  assert.deepEqual(fs.readdirSync(plots).sort(), [
    'latency-payload.svg',
    'memory-streams.svg',
    'speed-size.svg',
    'throughput-threads.svg',
  ]);
});

test('an implementation whose output is wrong is found', async () => {
  const broken = path.join(folder, 'broken/dist');
  fs.mkdirSync(broken, { recursive: true });
  fs.writeFileSync(
    path.join(broken, 'index.js'),
    `const zlib = require('node:zlib');
     module.exports = { ...zlib, gzipSync: (data) => zlib.gzipSync(data.subarray(1)) };`,
  );
  const options = ['--quick', '--only', 'json', '--against', path.dirname(broken)];
  await assert.rejects(bench('large', ...options), (error) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr, /large, gzipSync 1 MiB, against: .*the input does not come back/);
    return true;
  });
});

test('wrong arguments are named', async () => {
  await assert.rejects(bench('steram'), /there is no scenario steram/);
  await assert.rejects(bench('--rounds', 'x'), /--rounds must be a whole number above 0, not x/);
  await assert.rejects(bench('--corpus', '/nonexistent'), /\/nonexistent is no folder/);
  await assert.rejects(bench('--only', 'yaml'), /no data named yaml/);
});

test('ratios are of medians, spreads of rounds, sizes of each file', () => {
  const runs = (seconds, sizes) =>
    seconds.map((s) => ({ seconds: s, bytesIn: 1e9, cpuSeconds: 2 * s, sizes }));
  const { sides } = summarize([
    { name: 'node', runs: runs([4, 6, 8], { a: 100, b: 100 }) },
    { name: 'warpdrive', runs: runs([2, 1, 8], { a: 90, b: 110 }) },
  ]);
  assert.equal(sides[1].ratio.rate, 3);
  assert.deepEqual(sides[1].spread, [1, 6]);
  assert.deepEqual(sides[1].ratio.sizes, { a: 0.9, b: 1.1 });
  assert.equal(sides[1].ratio.size, 1);
  assert.equal(sides[1].median.cpuPerGB, 4);
});

test('a goal is judged by the worst file, and one without a result is not met', () => {
  const side = { name: 'warpdrive', ratio: { rate: 7, sizes: { a: 0.9, b: 1.1 } }, spread: [6, 8] };
  const results = [{ scenario: 'stream', params: { level: 1 }, corpus: 'c', sides: [side] }];
  const rows = judge(results);
  const [speed, size] = rows.filter(({ goal }) => goal === 'createGzip stream, level 1');
  assert.equal(speed.met, true);
  assert.deepEqual([size.met, size.value, size.file], [false, 1.1, 'b']);
  const other = rows.find(({ goal }) => goal === 'createGunzip stream, one member');
  assert.deepEqual([other.met, other.value], [undefined, undefined]);
});

test('the model ends where the main thread or memory ends', () => {
  const median = { cpuPerGB: 11, mainCpuPerGB: 1, rate: 1e8 };
  const sides = [{ name: '1 thread', median, bytesIn: 10, bytesOut: 3 }];
  const results = [{ scenario: 'threads', corpus: 'c', params: { level: 6 }, sides }];
  const report = (bytesPerSecond) => ({
    machine: { cores: 2 },
    bandwidth: [{ threads: 1, bytesPerSecond }],
    results,
  });
  const at = (rows, threads) => rows.find((row) => row.threads === threads);
  const fast = predict(report(1e12));
  assert.ok(Math.abs(at(fast, 1).predicted / 1e8 - 1) < 0.05);
  assert.ok(at(fast, 4).predicted > 3.3 * at(fast, 1).predicted);
  assert.ok(Math.abs(at(fast, 64).predicted / 1e9 - 1) < 0.05);
  assert.equal(at(fast, 64).bound, 'main thread');
  assert.equal(at(predict(report(1e8)), 64).bound, 'memory');
});

test('the calibration shows every level, and its plans decide by the sizes that it prints', async () => {
  const file = path.join(folder, 'words');
  fs.writeFileSync(file, generators.html(1 << 20));
  const script = path.resolve(__dirname, '../calibrate.js');
  const { stdout } = await run(process.execPath, [
    script,
    '--corpus',
    folder,
    '--only',
    path.basename(folder),
  ]);
  for (let level = 1; level <= 9; level++) {
    const limit = level === 1 || level === 9 ? 1 : 1.005;
    assert.ok(stdout.includes(`\nlevel ${level}: size at most ${limit} of zlib's\n`), stdout);
  }
  assert.equal(stdout.match(/^ {2}plan +\d+\.\d\dx +\d\.\d{4}/gm)?.length, 9, stdout);
});
