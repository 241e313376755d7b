// Sends data through a compressor with chosen piece sizes and flush points.

const { collect, pieces, writePiece } = require('./drive');

/**
 * Bytes that `stream` makes of `data` written in pieces of `step` bytes, with `flush(kind)` at
 * each of `points` ([[offset, kind], ...], offsets ascending). Pieces end at flush points, so that
 * these are the same whatever the step.
 */
async function feed(stream, data, step, points = []) {
  const result = collect(stream);
  let offset = 0;
  for (const [end, kind] of [...points, [data.length]]) {
    for (const piece of pieces(data.subarray(offset, end), step)) await writePiece(stream, piece);
    if (kind !== undefined) stream.flush(kind);
    offset = end;
  }
  stream.end();
  return result;
}

module.exports = { feed };
