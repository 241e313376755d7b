// The longest output by default is the buffer.kMaxLength of the time when zlib was loaded.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { node, subjectPath } = require('../support/subject');
const { test } = require('../support/bounded');

const LIMIT = 64;

/** Loads zlib under a small limit, restores it, and decompresses in every way. */
function scene(buffer, { limit, zlibPath, input }) {
  const { kMaxLength } = buffer;
  buffer.kMaxLength = limit;
  const zlib = require(zlibPath);
  buffer.kMaxLength = kMaxLength;
  const bytes = Buffer.from(input, 'base64');
  const tell = (form, error, output) =>
    console.log(form, error ? `${error.name} ${error.code} ${error.message}` : output.length);
  for (const options of [undefined, { maxOutputLength: 2 * limit }]) {
    try {
      tell('sync', null, zlib.gunzipSync(bytes, options));
    } catch (error) {
      tell('sync', error);
    }
  }
  zlib.gunzip(bytes, (error, output) => tell('callback', error, output));
}

async function outcome(zlibPath, length) {
  const input = node.gzipSync(Buffer.alloc(length)).toString('base64');
  const run = await runScene(scene, { limit: LIMIT, zlibPath, input }, { zlib: 'node:buffer' });
  assert.equal(run.code, 0, run.stderr);
  return String(run.stdout);
}

for (const length of [LIMIT, LIMIT + 1]) {
  test(`${length} bytes of output where ${LIMIT} are allowed`, async () => {
    const expected = await outcome('node:zlib', length);
    assert.equal(await outcome(subjectPath, length), expected);
  });
}
