// Sends data through a stream, and tells what came out.

/** Everything that `stream` puts out for `chunks`, written as fast as it takes them. */
function collect(stream, chunks) {
  return new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
    (async () => {
      for (const chunk of chunks) {
        if (!stream.write(chunk)) await new Promise((go) => stream.once('drain', go));
      }
      stream.end();
    })().catch(reject);
  });
}

function* pieces(data, size) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

module.exports = { collect, pieces };
