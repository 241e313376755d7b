// The data that is measured: named classes of files on disk. A class is a folder (`--corpus`, or
// the Silesia files in ../shared/data), or a kind of generated data.

const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { promisify } = require('node:util');

const CACHE = path.resolve(__dirname, '../.cache');
const SILESIA = path.resolve(__dirname, '../../../shared/data');
const MiB = 1 << 20;
const GENERATED = ['json', 'html', 'log', 'binary', 'packed'];
const GENERATED_BYTES = 8 * MiB;
/** To be raised with every change of what is generated: files made by other versions are unused. */
const GENERATOR_VERSION = 1;
/** With --quick, what is measured of each file. */
const QUICK_BYTES = 2 * MiB;

/** Makes a file of the cache once; a run that is interrupted leaves nothing that looks whole. */
async function cached(name, make) {
  const file = path.join(CACHE, name);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.part`;
  await make(partial);
  fs.renameSync(partial, file);
  return file;
}

function describe(file, name = path.basename(file)) {
  return { name, path: file, size: fs.statSync(file).size };
}

/** The files in a zip archive, unpacked into the cache. */
async function unzipped(archive) {
  const { size, mtimeMs } = fs.statSync(archive);
  const folder = `${path.basename(archive, '.zip')}-${size}-${Math.round(mtimeMs)}`;
  const yauzl = require('yauzl');
  const zip = await promisify(yauzl.open)(archive, { lazyEntries: true, autoClose: false });
  const openReadStream = promisify(zip.openReadStream.bind(zip));
  const files = [];
  const entries = new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', resolve);
    zip.on('entry', async (entry) => {
      try {
        if (!entry.fileName.endsWith('/')) {
          const name = path.basename(entry.fileName);
          const file = await cached(`${folder}/${name}`, async (partial) =>
            pipeline(await openReadStream(entry), fs.createWriteStream(partial)),
          );
          files.push(describe(file, name));
        }
        zip.readEntry();
      } catch (error) {
        reject(error);
      }
    });
  });
  zip.readEntry();
  await entries;
  zip.close();
  return files;
}

/** All files below a folder, archives unpacked. Empty files and READMEs are left out. */
async function filesOf(folder) {
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) {
    throw new Error(`--corpus: ${folder} is no folder; name one that holds files to compress`);
  }
  const files = [];
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || /^readme/i.test(entry.name)) continue;
    if (file.endsWith('.zip')) files.push(...(await unzipped(file)));
    else if (fs.statSync(file).size > 0) files.push(describe(file, path.relative(folder, file)));
  }
  if (files.length === 0) throw new Error(`--corpus: there is no file to compress in ${folder}`);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The first bytes of a file, as a file of its own. */
async function shortened(file, bytes) {
  if (file.size <= bytes) return file;
  const { mtimeMs } = fs.statSync(file.path);
  const name = file.name.replaceAll(path.sep, '_');
  const made = await cached(
    `quick/${name}-${file.size}-${Math.round(mtimeMs)}-${bytes}`,
    (partial) =>
      pipeline(fs.createReadStream(file.path, { end: bytes - 1 }), fs.createWriteStream(partial)),
  );
  return describe(made, file.name);
}

async function generated(kind) {
  const file = await cached(`generated-${GENERATOR_VERSION}/${kind}`, async (partial) => {
    // Loaded only where it is needed: it makes the start of a process ten times as long.
    const generators = require('./generate.js');
    fs.writeFileSync(partial, generators[kind](GENERATED_BYTES));
  });
  return describe(file, kind);
}

/**
 * @param {{ corpus?: string, quick?: boolean, only?: string[] }} options
 * @returns {Promise<{ name: string, files: { name: string, path: string, size: number }[] }[]>}
 */
async function loadCorpora({ corpus, quick, only }) {
  const corpora = [];
  if (corpus) {
    const folder = path.resolve(corpus);
    const silesia = fs.existsSync(path.join(folder, 'dickens.zip'));
    corpora.push({
      name: silesia ? 'silesia' : path.basename(folder),
      load: () => filesOf(folder),
    });
  } else if (fs.existsSync(SILESIA)) {
    corpora.push({ name: 'silesia', load: () => filesOf(SILESIA) });
  }
  for (const kind of GENERATED) {
    corpora.push({ name: kind, load: async () => [await generated(kind)] });
  }
  const names = corpora.map(({ name }) => name);
  for (const name of only ?? []) {
    if (!names.includes(name)) {
      throw new Error(`--only: there is no data named ${name}; there are ${names.join(', ')}`);
    }
  }
  const loaded = [];
  for (const { name, load } of corpora) {
    if (only && !only.includes(name)) continue;
    let files = await load();
    if (quick) files = await Promise.all(files.map((file) => shortened(file, QUICK_BYTES)));
    loaded.push({ name, files });
  }
  return loaded;
}

/**
 * `count` different pieces of `size` bytes each, spread evenly over the files of a class. Where the
 * data is too short for that, pieces overlap or begin anew at the start: farther back than
 * DEFLATE's window (RFC 1951 section 2: 32 KiB) a repetition compresses no better.
 */
function slices(files, size, count) {
  const data = files.map(({ path: file }) => fs.readFileSync(file));
  return Array.from({ length: count }, (_, index) => {
    const file = data[index % data.length];
    const round = Math.floor(index / data.length);
    const rounds = Math.ceil(count / data.length);
    const start = Math.floor((Math.max(0, file.length - size) * round) / Math.max(1, rounds));
    const pieces = [];
    for (let have = 0, from = start; have < size; from = 0) {
      const piece = file.subarray(from, from + size - have);
      pieces.push(piece);
      have += piece.length;
    }
    return Buffer.concat(pieces);
  });
}

/** `size` bytes with equal parts of every file. */
function mixture(files, size) {
  const share = Math.ceil(size / files.length);
  return Buffer.concat(files.map((file) => slices([file], share, 1)[0])).subarray(0, size);
}

module.exports = { CACHE, cached, describe, filesOf, generated, loadCorpora, slices, mixture };
