// A file of 200 MB through pipelines in both directions: right, and in little memory.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { pipeline } = require('node:stream/promises');
const { runScene, runProgram } = require('../support/child');
const { mixed } = require('../support/data');
const { needs } = require('../support/programs');
const { node } = require('../support/subject');
const { test } = require('../support/bounded');

const MB = 1e6;
const SIZE = 200 * MB;
const ALLOWED_BYTES = 64 * MB;
const MOST_RUNS = 3;

let folder;
let digest;
const inFolder = (name) => path.join(folder, name);

/** Writes the file: a few MB again and again, each time beginning at another place. */
function makeFile(name) {
  const part = mixed(8 * MB);
  const hash = createHash('sha256');
  const file = fs.openSync(name, 'w');
  for (let written = 0, turn = 0; written < SIZE; turn++) {
    const start = (turn * 1_234_577) % (4 * MB);
    const piece = part.subarray(start, start + Math.min(4 * MB, SIZE - written));
    hash.update(piece);
    fs.writeSync(file, piece);
    written += piece.length;
  }
  fs.closeSync(file);
  return hash.digest('hex');
}

async function digestOf(name) {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(name), hash);
  return hash.digest('hex');
}

// One pipeline; prints the most memory that was resident. `kind` is a create function's name, or
// null for a PassThrough: what a pipeline needs without compression.
async function scene(zlib, { kind, from, to, leak }) {
  const { createReadStream, createWriteStream, readFileSync } = require('node:fs');
  const stream = require('node:stream');
  let most = 0;
  const sample = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(sample, 5);
  const middle = kind ? zlib[kind]() : new stream.PassThrough();
  const kept = [];
  if (leak) middle.on('data', (chunk) => kept.push(chunk));
  await stream.promises.pipeline(createReadStream(from), middle, createWriteStream(to));
  sample();
  clearInterval(timer);
  // The kernel's own record has what samples miss.
  const record = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'));
  console.log(Math.max(most, record ? Number(record[1]) * 1024 : 0));
}

async function memoryOf(options) {
  const { code, signal, stdout, stderr } = await runScene(scene, options);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
  return Number(stdout.toString());
}

/**
 * What the pipeline adds to the memory of one without compression. When garbage is collected is
 * V8's business and a matter of time: the least of some runs counts.
 */
async function addedMemory(options) {
  const through = { ...options, kind: null, to: '/dev/null', leak: false };
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < MOST_RUNS && least >= ALLOWED_BYTES; i++) {
    least = Math.min(least, (await memoryOf(options)) - (await memoryOf(through)));
  }
  return least;
}

const linux = process.platform === 'linux';

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warpdrive-big-'));
  digest = makeFile(inFolder('plain'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('compression adds less than 64 MB, and gzip reads the result', async (t) => {
  const added = await addedMemory({
    kind: 'createGzip',
    from: inFolder('plain'),
    to: inFolder('ours.gz'),
  });
  t.diagnostic(`added: ${(added / MB).toFixed(1)} MB`);
  if (linux) assert.ok(added < ALLOWED_BYTES, `${added} bytes`);
  const { code, stderr } = await runProgram('sh', ['-c', 'gzip -dc ours.gz | cmp - plain'], {
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
});

test('decompression of our file adds less than 64 MB, and gives it back', async (t) => {
  const options = { kind: 'createGunzip', from: inFolder('ours.gz'), to: inFolder('back') };
  const added = await addedMemory(options);
  t.diagnostic(`added: ${(added / MB).toFixed(1)} MB`);
  if (linux) assert.ok(added < ALLOWED_BYTES, `${added} bytes`);
  assert.equal(await digestOf(inFolder('back')), digest);
});

for (const program of ['gzip', 'pigz']) {
  test(`decompression of the file of ${program}`, async (t) => {
    if (!needs(t, program)) return;
    const made = await runProgram('sh', ['-c', `${program} -1 -c plain > theirs.gz`], {
      cwd: folder,
    });
    assert.equal(made.code, 0, made.stderr);
    const to = inFolder('back');
    const added = await addedMemory({ kind: 'createUnzip', from: inFolder('theirs.gz'), to });
    t.diagnostic(`added: ${(added / MB).toFixed(1)} MB`);
    if (linux) assert.ok(added < ALLOWED_BYTES, `${added} bytes`);
    assert.equal(await digestOf(to), digest);
  });
}

test('what expands a thousandfold needs no more', async (t) => {
  const gzip = node.createGzip({ level: 1 });
  const writing = pipeline(gzip, fs.createWriteStream(inFolder('zeros.gz')));
  const block = Buffer.alloc(4 * MB);
  for (let i = 0; i < 50; i++) {
    if (!gzip.write(block)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  await writing;
  const options = { kind: 'createGunzip', from: inFolder('zeros.gz'), to: '/dev/null' };
  const added = await addedMemory(options);
  t.diagnostic(`added: ${(added / MB).toFixed(1)} MB`);
  if (linux) assert.ok(added < ALLOWED_BYTES, `${added} bytes`);
});

test('the check sees memory that is kept', async () => {
  const options = { kind: 'createGunzip', from: inFolder('ours.gz'), to: '/dev/null', leak: true };
  assert.ok((await addedMemory(options)) > ALLOWED_BYTES);
});
