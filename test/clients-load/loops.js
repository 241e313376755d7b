// Loads that are no servers: each runs until `isOver()` in the worker and counts in a Tally.

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { pipeline } = require('node:stream/promises');
const zlib = require('node:zlib');
const { BODIES, NAMES, hash, onLanes, use, useGot } = require('./support');

/** fetch, undici and got in turns against a server whose bodies were compressed beforehand. */
async function fetchLoop(isOver, tally) {
  const { fflate, pako } = { fflate: use('fflate'), pako: use('pako') };
  const stored = {};
  for (const [name, body] of Object.entries(BODIES)) {
    stored[`/gzip/${name}`] = Buffer.from(pako.gzip(body));
    stored[`/deflate/${name}`] = Buffer.from(fflate.zlibSync(body));
  }
  const server = http.createServer((request, response) => {
    response.setHeader('content-encoding', request.url.split('/')[1]);
    response.end(stored[request.url]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const undici = use('undici');
  const got = await useGot();
  const inflating = new undici.Agent().compose(undici.interceptors.decompress());
  const bytesOf = async (response) => Buffer.from(await response.arrayBuffer());
  const ways = [
    async (url) => bytesOf(await fetch(url)),
    async (url) => bytesOf(await undici.fetch(url)),
    async (url) => got(url, { retry: { limit: 0 } }).buffer(),
    async (url) => {
      const { body } = await undici.request(url, { dispatcher: inflating });
      return bytesOf(body);
    },
  ];
  await onLanes(20, isOver, tally, async (i) => {
    const name = NAMES[i % NAMES.length];
    const encoding = i % 2 ? 'gzip' : 'deflate';
    const way = i % ways.length;
    const body = await ways[way](`${origin}/${encoding}/${name}`);
    if (!body.equals(BODIES[name])) throw new Error(`wrong body, way ${way}`);
  });
  await inflating.close();
  server.close();
  server.closeAllConnections();
}

function makeTree(folder) {
  for (let i = 0; i < 30; i++) {
    const sub = path.join(folder, `d${i % 5}`);
    fs.mkdirSync(sub, { recursive: true });
    const body = BODIES[NAMES[i % 4]];
    fs.writeFileSync(path.join(sub, `f${i}`), body.subarray(i, body.length - i * 3));
  }
}

/** Names and hashes of all files below a folder. */
function treeOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort()
    .map((name) => `${name} ${hash(fs.readFileSync(path.join(folder, name)))}`)
    .join('\n');
}

async function withFolder(task) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'load-'));
  try {
    return await task(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** tar: create, list and extract a tree, asynchronously and synchronously. */
function tarLoop(isOver, tally) {
  const tar = use('tar');
  return withFolder(async (folder) => {
    const from = path.join(folder, 'from');
    makeTree(from);
    const expected = treeOf(from);
    await onLanes(3, isOver, tally, async (i) => {
      const file = path.join(folder, `${i}.tgz`);
      const to = path.join(folder, `to${i}`);
      const sync = i % 4 === 3;
      fs.mkdirSync(to);
      await tar.create({ gzip: { level: 1 + (i % 9) }, file, cwd: from, sync }, ['.']);
      let entries = 0;
      await tar.list({ file, sync, onReadEntry: () => entries++ });
      if (entries < 30) throw new Error('entries are missing');
      await tar.extract({ file, cwd: to, sync });
      if (treeOf(to) !== expected) throw new Error('the tree differs');
      fs.rmSync(to, { recursive: true });
      fs.rmSync(file);
    });
  });
}

/** The bytes of every entry of a zip file, by name. */
function readZip(yauzl, file) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (openError, zip) => {
      if (openError) return reject(openError);
      const entries = {};
      zip.on('error', reject);
      zip.on('end', () => resolve(entries));
      zip.on('entry', (entry) => {
        zip.openReadStream(entry, (error, stream) => {
          if (error) return reject(error);
          const parts = [];
          stream.on('data', (part) => parts.push(part));
          stream.on('error', reject);
          stream.on('end', () => {
            entries[entry.fileName] = Buffer.concat(parts);
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

/** archiver writes (raw deflate), yauzl reads and checks. */
function zipLoop(isOver, tally) {
  const { ZipArchive } = use('archiver');
  const yauzl = use('yauzl');
  return withFolder((folder) =>
    onLanes(3, isOver, tally, async (i) => {
      const file = path.join(folder, `${i}.zip`);
      const archive = new ZipArchive({ zlib: { level: 1 + (i % 9) } });
      for (const name of NAMES) archive.append(BODIES[name], { name });
      const written = pipeline(archive, fs.createWriteStream(file));
      await archive.finalize();
      await written;
      const entries = await readZip(yauzl, file);
      for (const name of NAMES) {
        if (!entries[name]?.equals(BODIES[name])) throw new Error(`entry ${name} differs`);
      }
      fs.rmSync(file);
    }),
  );
}

/** The one-call functions and streams, piped into each other, without any package. */
function streamLoop(isOver, tally) {
  const { gzip, gunzip } = zlib;
  const call = (form, input) =>
    new Promise((resolve, reject) => {
      form(input, (error, output) => (error ? reject(error) : resolve(output)));
    });
  return onLanes(20, isOver, tally, async (i) => {
    const body = BODIES[NAMES[i % NAMES.length]];
    if (i % 2) {
      const output = await call(gunzip, await call(gzip, body));
      if (!output.equals(body)) throw new Error('gzip and gunzip differ');
      return;
    }
    const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('deflate'));
    const back = stream.pipeThrough(new DecompressionStream('deflate'));
    const output = Buffer.from(await new Response(back).arrayBuffer());
    if (!output.equals(body)) throw new Error('the web streams differ');
  });
}

module.exports = { fetch: fetchLoop, tar: tarLoop, zip: zipLoop, zlib: streamLoop };
