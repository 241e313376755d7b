// reset() in a 'data' listener: what the stream has not processed yet goes to the fresh stream.

const assert = require('node:assert/strict');
const { turns } = require('../support/drive');
const { noise, text } = require('../support/data');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

/** Writes the pieces at once, resets at the n-th chunk of output; what came and how it ended. */
async function resetAt(side, Class, pieces, nth) {
  const stream = new side[Class]();
  const chunks = [];
  let number = 0;
  stream.on('data', (chunk) => {
    chunks.push(chunk);
    if (++number === nth) stream.reset();
  });
  const ended = new Promise((resolve) => {
    stream.on('error', (error) => resolve(`${error.code} ${error.message}`));
    stream.on('end', () => resolve('end'));
  });
  for (const piece of pieces) stream.write(piece);
  stream.end();
  const how = await ended;
  await turns();
  return { how, output: Buffer.concat(chunks) };
}

test('members that wait in later writes are kept', async () => {
  const members = ['first', 'second', 'third'].map((word) => node.deflateRawSync(word));
  const [ours, theirs] = await Promise.all(
    [zlib, node].map((side) => resetAt(side, 'InflateRaw', members, 1)),
  );
  assert.deepEqual(ours, theirs);
});

test('the rest of the write is taken for a new stream', async () => {
  // Noise does not compress: a reset lands in it, and what follows is no header.
  const packed = node.gzipSync(noise(300_000));
  const [ours, theirs] = await Promise.all(
    [zlib, node].map((side) => resetAt(side, 'Gunzip', [packed], 1)),
  );
  assert.equal(ours.how, theirs.how);
});

test('an error that is due is forgotten with the stream it belongs to', async () => {
  const packed = node.gzipSync(text(100_000));
  packed.fill(0xff, packed.length - 8);
  for (const nth of [1, 2, 3, 4]) {
    const [ours, theirs] = await Promise.all(
      [zlib, node].map((side) => resetAt(side, 'Gunzip', [packed], nth)),
    );
    // What the input has left differs with the size of chunks: the error is zlib's in any case.
    assert.match(ours.how, /^Z_(DATA|BUF)_ERROR /);
    assert.match(theirs.how, /^Z_(DATA|BUF)_ERROR /);
  }
});
