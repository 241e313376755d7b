// warpgzip beside pigz, igzip and gzip: files on disk, compressed into files beside them.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { createGunzip } = require('node:zlib');
const { CACHE } = require('../corpus/corpora.js');
const { runCommand } = require('../lanes/command.js');
const { ROOT } = require('../lanes/implementations.js');
const { hashOf, read } = require('./stream.js');

const THREADS = availableParallelism();
const CORPORA = ['silesia', 'json', 'html', 'log'];
/** A class of one file is measured on a file as large as this: else one measures how Node starts. */
const FILE_BYTES = 64 << 20;

const warpgzip = (level) => ({
  name: 'warpgzip',
  options: {
    command: process.execPath,
    args: [path.join(ROOT, 'dist/cli/warpgzip.js'), `-${level}`, '-kf'],
  },
});
const pigz = (level) => ({
  name: `pigz -${level}`,
  options: { command: 'pigz', args: [`-${level}`, '-p', String(THREADS), '-kf'] },
});
const igzip = (level) => ({
  name: `igzip -${level}`,
  options: { command: 'igzip', args: [`-${level}`, '-T', String(THREADS), '-k', '-f'] },
});
const gzip = (level) => ({
  name: `gzip -${level}`,
  peer: true,
  options: { command: 'gzip', args: [`-${level}`, '-kf'] },
});

const MATCHES = [
  { goal: 'pigz', level: 6, sides: [pigz(6), warpgzip(6), gzip(6)] },
  { goal: 'igzip', level: 1, sides: [igzip(3), warpgzip(1), igzip(1), pigz(1), gzip(1)] },
  { goal: undefined, level: 9, sides: [pigz(9), warpgzip(9), gzip(9)], slow: true },
];

const installed = ({ options }) => !spawnSync(options.command, ['--version']).error;

/** Sides of commands that are installed; without the first one there is nothing to compare with. */
function sides({ params }) {
  return MATCHES.find(({ level }) => level === params.level).sides.filter(installed);
}

function tests({ corpora, quick }) {
  const chosen = corpora.filter(({ name }) => CORPORA.includes(name) || corpora.length === 1);
  return MATCHES.filter(({ slow }) => !(quick && slow)).flatMap(({ goal, level, sides: all }) => {
    if (!installed(all[0])) {
      console.error(`cli: ${all[0].options.command} is not installed; level ${level} is left out`);
      return [];
    }
    return chosen.map((corpus) => ({
      name: `warpgzip -${level}`,
      corpus,
      params: { goal, level, fileBytes: quick ? 0 : FILE_BYTES },
    }));
  });
}

/** A copy of a file, with its content again and again until it has `bytes`. */
function enlarge(file, copy, bytes) {
  const content = fs.readFileSync(file.path);
  fs.writeFileSync(copy, content);
  for (let size = content.length; size < bytes; size += content.length) {
    fs.appendFileSync(copy, content);
  }
}

function prepare({ corpus, params }, _zlib, { options }) {
  const folder = path.join(CACHE, `cli-${process.pid}`);
  fs.mkdirSync(folder, { recursive: true });
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const files = corpus.files.map((file) => {
    const copy = path.join(folder, path.basename(file.name));
    enlarge(file, copy, corpus.files.length === 1 ? params.fileBytes : 0);
    return { name: file.name, copy, packed: `${copy}.gz`, size: fs.statSync(copy).size };
  });
  return { files, ...options };
}

/** One command for all files of the class. */
function compress({ command, args, files }) {
  for (const { packed } of files) fs.rmSync(packed, { force: true });
  return runCommand(command, [...args, ...files.map(({ copy }) => copy)]);
}

async function verify(state) {
  await compress(state);
  for (const { name, copy, packed } of state.files) {
    const hashes = await Promise.all([hashOf(read(copy)), hashOf(read(packed), createGunzip())]);
    if (hashes[0] !== hashes[1])
      throw new Error(`${name}: the output does not decode to the input`);
  }
}

async function run(state) {
  const usage = await compress(state);
  const { files } = state;
  return {
    ...usage,
    mainCpuSeconds: undefined,
    bytesIn: files.reduce((sum, { size }) => sum + size, 0),
    sizes: Object.fromEntries(files.map(({ name, packed }) => [name, fs.statSync(packed).size])),
  };
}

module.exports = {
  title: `Commands on files, ${THREADS} threads`,
  rounds: { atMost: 5 },
  tests,
  sides,
  prepare,
  verify,
  run,
};
