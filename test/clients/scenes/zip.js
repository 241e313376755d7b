// archiver writes ZIP and tar.gz, yauzl reads ZIP: good ones, damaged ones, entries left early.

const { once } = require('node:events');
const { Readable } = require('node:stream');
const pako = require('pako');
const yauzl = require('yauzl');
const { noise, text, zeros } = require('../../support/data');
const { digest } = require('./http-server');

const DEFLATED = 8;
const LEVELS = [
  undefined,
  { level: 1 },
  { level: 6, memLevel: 1 },
  { level: 9 },
  { level: 0 },
  { level: -1, strategy: 3 },
];

const describe = ({ name, code, errno, message }) =>
  // How many bytes too many there are depends on how output is cut into chunks.
  `${name} ${code} ${errno} ${message.replace(/got at least \d+/, 'got more')}`;

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

function open(bytes, options) {
  return new Promise((resolve, reject) => {
    const done = (error, zip) => (error ? reject(error) : resolve(zip));
    yauzl.fromBuffer(bytes, { lazyEntries: true, ...options }, done);
  });
}

/** The next entry, or undefined at the end. */
function nextEntry(zip) {
  return new Promise((resolve, reject) => {
    zip.once('entry', resolve);
    zip.once('end', () => resolve(undefined));
    zip.once('error', reject);
    zip.readEntry();
  });
}

function openEntry(zip, entry, options = {}) {
  return new Promise((resolve, reject) => {
    const done = (error, stream) => (error ? reject(error) : resolve(stream));
    zip.openReadStream(entry, options, done);
  });
}

async function readEntry(zip, entry) {
  try {
    const content = await bytesOf(await openEntry(zip, entry));
    return `${entry.fileName} ${content.length} ${digest(content)}`;
  } catch (error) {
    return `${entry.fileName} ${describe(error)}`;
  }
}

async function readAll(bytes, options) {
  const seen = [];
  try {
    const zip = await open(bytes, options);
    for (let entry = await nextEntry(zip); entry; entry = await nextEntry(zip)) {
      seen.push(await readEntry(zip, entry));
    }
  } catch (error) {
    seen.push(describe(error));
  }
  return seen;
}

async function pack(archive) {
  const events = [];
  for (const event of ['warning', 'error', 'end']) archive.on(event, () => events.push(event));
  archive.on('entry', ({ name, size }) => events.push(`${name} ${size}`));
  const date = new Date(0);
  archive.append(text(100_000, 3), { name: 'text', date });
  archive.append('', { name: 'empty', date });
  const parts = [noise(100_000, 3), zeros(1 << 20)];
  archive.append(Readable.from(parts), { name: 'streamed', date });
  archive.append(text(5000), { name: 'stored', store: true, date });
  archive.finalize();
  return { bytes: await bytesOf(archive), events };
}

async function archiver() {
  const { TarArchive, ZipArchive } = await import('archiver');
  const results = {};
  for (const options of LEVELS) {
    const key = JSON.stringify(options);
    const zip = await pack(new ZipArchive({ zlib: options }));
    results[`zip ${key}`] = [zip.events, await readAll(zip.bytes)];
    const tar = await pack(new TarArchive({ gzip: true, gzipOptions: options }));
    results[`tar ${key}`] = [tar.events, digest(pako.ungzip(tar.bytes))];
  }
  const aborted = new ZipArchive();
  const events = [];
  for (const event of ['end', 'close', 'error']) aborted.on(event, () => events.push(event));
  aborted.append(text(1_000_000), { name: 'text' });
  aborted.finalize();
  aborted.once('data', () => aborted.abort());
  await once(aborted, 'close');
  return { ...results, aborted: events };
}

/** A ZIP file's records (APPNOTE 4.3) for entries {name, packed, size}, of which much may lie. */
function zipOf(entries) {
  const files = [];
  const directory = [];
  let offset = 0;
  for (const { name, packed, size } of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(DEFLATED, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    local.copy(central, 6, 4, 28);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    files.push(local, Buffer.from(name), packed);
    directory.push(central, Buffer.from(name));
    offset += local.length + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}

/** {name: bytes} of ZIP files, all but the first of them damaged. */
function damaged() {
  const plain = text(100_000, 8);
  const packed = Buffer.from(pako.deflateRaw(plain));
  const good = { name: 'first', packed, size: plain.length };
  const second = { ...good, name: 'second' };
  const files = {
    good: zipOf([good, second]),
    'and garbage': zipOf([{ ...good, packed: Buffer.concat([packed, Buffer.alloc(2000, 7)]) }]),
    bomb: zipOf([{ ...good, packed: Buffer.from(pako.deflateRaw(zeros(5 << 20))) }, second]),
  };
  for (const more of [-50_000, -1, 1, 5000]) {
    files[`size ${more}`] = zipOf([{ ...good, size: plain.length + more }, second]);
  }
  for (const offset of [0, 1, 50, 5000, 20_000, packed.length - 1]) {
    const bytes = Buffer.from(packed);
    bytes[offset] ^= 0xff;
    files[`byte ${offset}`] = zipOf([{ ...good, packed: bytes }, second]);
  }
  for (const end of [0, 1, 100, 10_000, -1]) {
    files[`cut ${end}`] = zipOf([{ ...good, packed: packed.subarray(0, end) }, second]);
  }
  return files;
}

async function yauzlDamaged() {
  const results = {};
  for (const [name, bytes] of Object.entries(damaged())) {
    for (const validateEntrySizes of [true, false]) {
      const key = `${name}, sizes checked: ${validateEntrySizes}`;
      results[key] = await readAll(bytes, { validateEntrySizes });
    }
  }
  return results;
}

async function yauzlLeftEarly() {
  const results = [];
  const zip = await open(damaged().good);
  const entry = await nextEntry(zip);
  for (let i = 0; i < 20; i++) {
    const stream = await openEntry(zip, entry);
    const events = [];
    for (const event of ['error', 'end', 'close']) stream.on(event, () => events.push(event));
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    results.push(events);
  }
  return [results, await readEntry(zip, entry)];
}

const SCENES = { archiver, yauzlDamaged, yauzlLeftEarly };

/** Runs the scenes named and resolves to {name: what was seen}. */
module.exports = async (names) => {
  const results = {};
  for (const name of names) results[name] = await SCENES[name]();
  return results;
};
