// A stream's whole life with awaited writes.

const { Recorder } = require('./events');

/**
 * Writes `parts`, each when the one before was called back, and ends; resolves to the Recorder when
 * the stream has closed. node:zlib drops the callback of the write that fails.
 */
async function lived(stream, parts) {
  const life = new Recorder(stream);
  for (const part of parts) {
    await new Promise((resolve) => {
      stream.once('close', resolve);
      stream.write(part, resolve);
    });
    if (stream.destroyed) break;
  }
  if (!stream.destroyed) stream.end();
  return life.closed();
}

module.exports = { lived };
