// npm run bench:profile: where the CPU time of this package goes in the scenarios that have goals, by
// perf(1) (Debian: linux-perf). Prints a table in Markdown, for docs/tuning.md.

const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { loadCorpora } = require('./corpus/corpora.js');
const { Lane } = require('./lanes/client.js');

const run = promisify(execFile);
const RUNS = 4;
/** perf has to attach to every thread. */
const ATTACH_MS = 500;

const CHOSEN = [
  ['stream', 'level 1', 'silesia'],
  ['stream', 'level 6', 'silesia'],
  ['stream', 'level 9', 'silesia'],
  ['gunzip', 'one member', 'json'],
  ['oneshot', 'gzipSync 16 KiB', 'json'],
  ['oneshot', 'gunzipSync 1 KiB', 'json'],
  ['large', 'gzipSync 1 MiB', 'silesia'],
  ['callback', 'gzip() 64 in flight, 16 KiB', 'json'],
  ['http', '1000 clients', 'html'],
];

const ZLIB =
  /deflate|inflate|longest_match|insert_string|fill_window|crc32|adler|_tr_|build_tree|compress_block|slide_hash|gen_bitlen|copy_with_crc|chunkcopy|zng_|Cr_z/i;
const GROUPS = [
  ['libdeflate', ({ object }) => object.startsWith('libdeflate')],
  ['ISA-L', ({ object }) => object.startsWith('libisal')],
  ['zlib', ({ object, symbol }) => object === 'node' && ZLIB.test(symbol)],
  ['copies', ({ symbol }) => /mem(cpy|move|set|cmp)/.test(symbol)],
  ['kernel', ({ object }) => object.startsWith('[')],
  ['addon', ({ object }) => object === 'warpdrive.node'],
  ['Node', () => true],
];

/** Shares of all samples: { 'workers': { libdeflate: 0.5, ... }, 'JavaScript': ..., 'other': ... } */
async function readShares(file, pid) {
  const fields = ['--sort', 'comm,pid,dso,sym', '--field-separator', '\t'];
  const { stdout } = await run('perf', ['report', '-i', file, '--stdio', ...fields], {
    maxBuffer: 64 << 20,
  });
  const shares = { workers: {}, JavaScript: {}, other: {} };
  for (const line of stdout.split('\n')) {
    const cells = line.split('\t').map((cell) => cell.trim());
    if (line.startsWith('#') || cells.length < 5) continue;
    const [overhead, command, thread, object, symbol] = cells;
    const main = Number(/\d+/.exec(thread)) === pid;
    const who = command === 'warpdrive' ? 'workers' : main ? 'JavaScript' : 'other';
    const [group] = GROUPS.find(([, matches]) => matches({ object, symbol }));
    shares[who][group] = (shares[who][group] ?? 0) + Number.parseFloat(overhead) / 100;
  }
  return shares;
}

async function profile(name, test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-profile-'));
  const file = path.join(folder, 'samples');
  const lane = new Lane(test.name);
  try {
    await lane.call('prepare', { scenario: name, test, implementation: 'warpdrive' });
    await lane.call('warmUp');
    // The threads that the warm-up started, and no process that it starts: clients are not counted.
    const args = ['record', '-q', '-F', '997', '--no-inherit', '-o', file, '-p', String(lane.pid)];
    const perf = spawn('perf', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((resolve, reject) => perf.on('error', reject).on('close', resolve));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, ATTACH_MS))]);
    for (let count = 0; count < RUNS; count++) await lane.call('run');
    perf.kill('SIGINT');
    await ended;
    return await readShares(file, lane.pid);
  } finally {
    await lane.close();
    fs.rmSync(folder, { recursive: true });
  }
}

async function main() {
  const corpora = await loadCorpora({ quick: false });
  const names = GROUPS.map(([group]) => group);
  console.log(`| scenario | data | threads | ${names.join(' | ')} |`);
  console.log(`|---|---|---|${'---|'.repeat(names.length)}`);
  for (const [name, title, data] of CHOSEN) {
    const scenario = require(`./scenarios/${name}.js`);
    const tests = await scenario.tests({ corpora, quick: false });
    const test = tests.find((each) => each.name === title && each.corpus.name === data);
    if (!test) throw new Error(`${name} has no test '${title}' of ${data}`);
    for (const [who, shares] of Object.entries(await profile(name, test))) {
      const cells = names.map((group) => Math.round((shares[group] ?? 0) * 100) || '');
      if (cells.some(Boolean))
        console.log(`| ${title} | ${data} | ${who} | ${cells.join(' | ')} |`);
    }
  }
}

main().catch((error) => {
  console.error(`profile: ${error.message}`);
  process.exitCode = 1;
});
