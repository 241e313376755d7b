// createGunzip on files of one gzip member (made by node:zlib at level 6), in pieces of 64 KiB.

const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { createGzip } = require('node:zlib');
const { cached } = require('../corpus/corpora.js');
const { counter, hashOf, read } = require('./stream.js');

/** The file's gzip form, in the cache. */
function compressed(file) {
  const { mtimeMs } = fs.statSync(file.path);
  const name = `gzip-6/${file.name.replaceAll('/', '_')}-${file.size}-${Math.round(mtimeMs)}.gz`;
  return cached(name, (partial) =>
    pipeline(read(file.path), createGzip(), fs.createWriteStream(partial)),
  );
}

async function tests({ corpora }) {
  return Promise.all(
    corpora.map(async (corpus) => {
      const packed = [];
      for (const file of corpus.files) packed.push(await compressed(file));
      return { name: 'one member', corpus, params: { members: 'one', packed } };
    }),
  );
}

function prepare({ corpus, params }, zlib) {
  const files = corpus.files.map((file, index) => ({ ...file, packed: params.packed[index] }));
  return { files, create: () => zlib.createGunzip() };
}

async function verify({ files, create }) {
  for (const { name, path, packed } of files) {
    const [expected, actual] = await Promise.all([
      hashOf(read(path)),
      hashOf(read(packed), create()),
    ]);
    if (actual !== expected) throw new Error(`${name}: the output is not the original data`);
  }
}

async function warmUp({ files, create }) {
  await pipeline(read(files[0].packed), create(), counter());
}

async function run({ files, create }) {
  let bytesIn = 0;
  for (const { name, packed, size } of files) {
    const sink = counter();
    await pipeline(read(packed), create(), sink);
    if (sink.bytes !== size)
      throw new Error(`${name}: ${sink.bytes} bytes came instead of ${size}`);
    bytesIn += size;
  }
  return { bytesIn };
}

module.exports = {
  title: 'createGunzip stream, MB/s of output',
  tests,
  prepare,
  verify,
  warmUp,
  run,
};
