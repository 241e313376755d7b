// Moves bytes through zlib streams.

const { once } = require('node:events');

/** All bytes that `stream` pushes, as one Buffer; rejects with its 'error'. */
function collect(stream) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
  });
}

/** Cuts `data` into pieces of `size` bytes; every piece is a view on `data`. */
function* pieces(data, size) {
  for (let offset = 0; offset < data.length; offset += size) {
    yield data.subarray(offset, offset + size);
  }
}

/** Writes one piece and waits for room if the stream asks for it. */
async function writePiece(stream, piece) {
  if (!stream.write(piece)) await once(stream, 'drain');
}

/** Sends `data` through `stream` in pieces of `size` bytes (default: all at once). */
async function through(stream, data, size = data.length || 1) {
  const result = collect(stream);
  // Both may reject; the result's error is the one that counts.
  const feeding = (async () => {
    for (const piece of pieces(data, size)) await writePiece(stream, piece);
    stream.end();
  })();
  feeding.catch(() => {});
  return result;
}

/** Calls a one-shot function of `zlib` by name and gives a promise. */
function oneShot(zlib, method, data, options) {
  return new Promise((resolve, reject) => {
    const done = (error, result) => (error ? reject(error) : resolve(result));
    if (options === undefined) zlib[method](data, done);
    else zlib[method](data, options, done);
  });
}

/** `flush(kind)` as a promise. */
function flushed(stream, kind) {
  return new Promise((resolve) => stream.flush(kind, resolve));
}

/** `write(data)` as a promise: resolves when the write's callback is called. */
function written(stream, data, encoding) {
  return new Promise((resolve, reject) => {
    stream.write(data, encoding, (error) => (error ? reject(error) : resolve()));
  });
}

/** Resolves after a few turns of the event loop. */
async function turns(count = 3) {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, a turn at a time, until `condition()` holds; the test's timeout is the limit. */
async function until(condition) {
  while (!condition()) await turns(1);
}

module.exports = { collect, flushed, oneShot, pieces, through, turns, until, writePiece, written };
