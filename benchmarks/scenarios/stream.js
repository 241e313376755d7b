// createGzip on files read in pieces of 64 KiB: every level, and the default.

const { createHash } = require('node:crypto');
const { createReadStream } = require('node:fs');
const { Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const nodeZlib = require('node:zlib');

const READ_BYTES = 64 << 10;
const WARM_UP_BYTES = 1 << 20;

/** A sink that discards what it gets and counts it. */
function counter() {
  const sink = new Writable({
    write(chunk, _encoding, callback) {
      sink.bytes += chunk.length;
      callback();
    },
  });
  sink.bytes = 0;
  return sink;
}

async function hashOf(...streams) {
  const hash = createHash('sha1');
  await pipeline(...streams, hash);
  return hash.digest('hex');
}

const read = (file, options) => createReadStream(file, { highWaterMark: READ_BYTES, ...options });

function tests({ corpora, quick }) {
  const levels = quick ? [1, 6, 9] : ['default', 1, 2, 3, 4, 5, 6, 7, 8, 9];
  return corpora.flatMap((corpus) =>
    levels.map((level) => ({ name: `level ${level}`, corpus, params: { level } })),
  );
}

function prepare({ corpus, params }, zlib) {
  const options = params.level === 'default' ? {} : { level: params.level };
  // A copy is not gzip, and undone in its own way.
  const { createGunzip } = zlib.constants ? nodeZlib : zlib;
  return { files: corpus.files, create: () => zlib.createGzip(options), createGunzip };
}

const peers = ['copy'];

async function verify({ files, create, createGunzip }) {
  for (const { name, path } of files) {
    const [expected, actual] = await Promise.all([
      hashOf(read(path)),
      hashOf(read(path), create(), createGunzip()),
    ]);
    if (actual !== expected) throw new Error(`${name}: the output does not decode to the input`);
  }
}

async function warmUp({ files, create }) {
  await pipeline(read(files[0].path, { end: WARM_UP_BYTES - 1 }), create(), counter());
}

async function run({ files, create }) {
  const sizes = {};
  let bytesIn = 0;
  for (const { name, path, size } of files) {
    const sink = counter();
    await pipeline(read(path), create(), sink);
    sizes[name] = sink.bytes;
    bytesIn += size;
  }
  return { bytesIn, sizes };
}

module.exports = {
  READ_BYTES,
  title: 'createGzip stream, file in 64 KiB reads',
  tests,
  peers,
  prepare,
  verify,
  warmUp,
  run,
  counter,
  hashOf,
  read,
};
