// tar: archives made, listed and extracted in every form it has, and damaged ones.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const pako = require('pako');
const tar = require('tar');
const { mixed, noise, text, zeros } = require('../../support/data');
const { pieces } = require('../../support/drive');
const { digest } = require('./http-server');

const FILES = {
  'in/empty': '',
  'in/text': text(150_000, 3),
  'in/noise': noise(900_000, 4),
  'in/zeros': zeros(300_000),
  'in/sub/small': 'small',
  'in/sub/mixed': mixed(300_000, 5),
};
/** What the archives hold that are damaged. */
const PARTS = ['in/text', 'in/sub'];
const DAMAGED_BYTES = [0, 2, 3, 12, 5000, 60_000, -1, -5, -9];
/** [method, strict, sync]; files written when extract() fails in between depend on timing. */
const READS = [
  ['list', false, false],
  ['list', true, true],
  ['extract', false, true],
];
const CUT_AT = [1, 10, 20, 5000, 60_000, -1, -4, -9];

/** Runs `work(folder)` in a new folder that holds the files. */
async function withFolder(work) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-tar-'));
  try {
    fs.mkdirSync(path.join(folder, 'in/sub'), { recursive: true });
    for (const [name, bytes] of Object.entries(FILES)) {
      fs.writeFileSync(path.join(folder, name), bytes);
    }
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Every file below a folder with the digest of its content. */
function walk(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath, path: parent }) => path.join(parentPath ?? parent, name))
    .sort()
    .map((file) => `${path.relative(folder, file)} ${digest(fs.readFileSync(file))}`);
}

const newFolder = (folder) => fs.mkdtempSync(path.join(folder, 'out-'));

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const describe = ({ name, code, errno, tarCode, message }, folder) =>
  [name, code, errno, tarCode, message.replaceAll(folder, '')].join(' ');

async function list(file, sync) {
  const entries = [];
  const onReadEntry = ({ path: name, size }) => entries.push(`${name} ${size}`);
  await tar.list({ file, onReadEntry, sync });
  return entries.sort();
}

/** An archive by one form of create(): what it holds, and what extract() makes of it. */
async function roundTrip(folder, gzip, portable, sync) {
  const file = path.join(folder, 'archive.tgz');
  const target = newFolder(folder);
  await tar.create({ file, cwd: folder, gzip: structuredClone(gzip), portable, sync }, ['in']);
  await tar.extract({ file, cwd: target, sync });
  const bytes = fs.readFileSync(file);
  const header = bytes.subarray(0, portable ? 10 : 3).toString('hex');
  return [header, pako.ungzip(bytes).length, await list(file, sync), walk(target)];
}

function forms() {
  return withFolder(async (folder) => {
    const results = {};
    for (const gzip of [true, { level: 1 }, { memLevel: 2, strategy: 2 }, { level: 0 }]) {
      for (const sync of [false, true]) {
        const key = `${JSON.stringify(gzip)} ${sync}`;
        results[key] = await roundTrip(folder, gzip, sync === (gzip === true), sync);
      }
    }
    return results;
  });
}

function streams() {
  return withFolder(async (folder) => {
    const packed = await bytesOf(tar.create({ cwd: folder, gzip: true, portable: true }, ['in']));
    const target = newFolder(folder);
    await pipeline(Readable.from(pieces(packed, 10_007)), tar.extract({ cwd: target }));
    return [pako.ungzip(packed).length, walk(target)];
  });
}

function updates() {
  return withFolder(async (folder) => {
    const results = {};
    for (const method of ['update', 'replace']) {
      for (const gzip of [false, true]) {
        for (const sync of [false, true]) {
          const file = path.join(folder, `${method}.tar`);
          const options = { file, cwd: folder, sync };
          tar.create({ ...options, gzip, sync: true }, ['in/text']);
          let result;
          try {
            await tar[method](options, ['in/sub/small']);
            result = await list(file);
          } catch (error) {
            result = describe(error, folder);
          }
          results[`${method} gzip: ${gzip} sync: ${sync}`] = result;
        }
      }
    }
    // The same bytes at any time: tar takes one brotli archive in a hundred for a plain one.
    const file = path.join(folder, 'archive.tbr');
    const options = { file, cwd: folder, sync: true, portable: true, mtime: new Date(0) };
    tar.create({ ...options, brotli: true }, ['in/text']);
    return { ...results, brotli: await list(file, true) };
  });
}

/** {name: bytes} of archives, all but the first of them damaged. */
function damaged(folder) {
  const file = path.join(folder, 'archive.tar');
  tar.create({ file, cwd: folder, sync: true, portable: true, mtime: new Date(0) }, PARTS);
  const good = Buffer.from(pako.gzip(fs.readFileSync(file)));
  const archives = {
    good,
    'and garbage': Buffer.concat([good, Buffer.alloc(100, 'x')]),
    'and zeros': Buffer.concat([good, Buffer.alloc(100)]),
    twice: Buffer.concat([good, good]),
    empty: Buffer.alloc(0),
    'gzip of nothing': Buffer.from(pako.gzip(Buffer.alloc(0))),
  };
  for (const offset of DAMAGED_BYTES) {
    const bytes = Buffer.from(good);
    bytes[offset < 0 ? bytes.length + offset : offset] ^= 0xff;
    archives[`byte ${offset}`] = bytes;
  }
  for (const end of CUT_AT) archives[`cut ${end}`] = good.subarray(0, end);
  return archives;
}

async function readDamaged(folder, method, options) {
  const seen = [];
  try {
    await tar[method]({
      ...options,
      cwd: newFolder(folder),
      onReadEntry: (entry) => seen.push(entry.path),
      onwarn: (code, message) => seen.push(`${code} ${message}`),
    });
    return seen;
  } catch (error) {
    return [...seen, describe(error, folder)];
  }
}

/** Events of the parser that is written to by hand. */
async function parse(bytes) {
  const events = [];
  const parser = tar.list({});
  for (const event of ['error', 'end', 'close', 'warn', 'abort']) {
    parser.on(event, (told) => events.push(`${event} ${told?.code ?? told}`));
  }
  parser.on('entry', (entry) => {
    events.push(entry.path);
    entry.resume();
  });
  for (const piece of pieces(bytes, 5000)) parser.write(piece);
  parser.end();
  await new Promise((resolve) => setImmediate(resolve));
  return events;
}

function corrupt() {
  return withFolder(async (folder) => {
    const results = {};
    for (const [name, bytes] of Object.entries(damaged(folder))) {
      const file = path.join(folder, 'damaged.tgz');
      fs.writeFileSync(file, bytes);
      for (const [method, strict, sync] of READS) {
        const key = `${method} ${name}, strict: ${strict}, sync: ${sync}`;
        results[key] = await readDamaged(folder, method, { file, strict, sync });
      }
      results[`${name}, events`] = await parse(bytes);
    }
    return results;
  });
}

const SCENES = { corrupt, forms, streams, updates };

/** Runs the scenes named and resolves to {name: what was seen}. */
module.exports = async (names) => {
  const results = {};
  for (const name of names) results[name] = await SCENES[name]();
  return results;
};
