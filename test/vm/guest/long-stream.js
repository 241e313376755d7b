// A stream of many megabytes, in whose middle something happens.

const node = require('node:zlib');
const { mixed } = require('../../support/data');
const { pieces } = require('./drive');
const zlib = require('../../..');

const PART = 5_000_000;

/** Counts the bytes of a stream that repeats `part`, and the chunks that are not as they should. */
function checker(part) {
  const seen = { bytes: 0, wrong: 0 };
  const take = (bytes) => {
    for (let used = 0; used < bytes.length; ) {
      const start = seen.bytes % part.length;
      const n = Math.min(bytes.length - used, part.length - start);
      if (!bytes.subarray(used, used + n).equals(part.subarray(start, start + n))) seen.wrong++;
      used += n;
      seen.bytes += n;
    }
  };
  return { seen, take };
}

/**
 * Compresses `parts` times 5 MB here, and decompresses them by node:zlib; calls `amid()` when
 * three parts were written. @returns {{bytes, expected, wrong}} `wrong`: chunks with other bytes
 */
async function longStream(parts, amid) {
  const part = mixed(PART);
  const { seen, take } = checker(part);
  const gzip = zlib.createGzip();
  const gunzip = node.createGunzip().on('data', take);
  const ended = new Promise((resolve, reject) => {
    gunzip.on('end', resolve).on('error', reject);
    gzip.on('error', reject);
  });
  gzip.pipe(gunzip);
  for (let i = 0; i < parts; i++) {
    for (const piece of pieces(part, 256 << 10)) {
      if (!gzip.write(piece)) await new Promise((go) => gzip.once('drain', go));
    }
    if (i === 2) amid();
  }
  gzip.end();
  await ended;
  return { ...seen, expected: parts * PART };
}

module.exports = { longStream };
