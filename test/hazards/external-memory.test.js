// V8 is told what streams hold outside of its heap: garbage with megabytes behind it would wait for
// long, because on the heap it is small.

const assert = require('node:assert/strict');
const { runProgram } = require('../support/child');
const { notForNode, subjectPath } = require('../support/subject');
const { test } = require('../support/bounded');

/** Streams that were written to and then forgotten, 400 at a time. Prints the peak in bytes. */
async function forget(path) {
  const zlib = require(path);
  const data = require('node:crypto').randomBytes(240_000);
  let held = [];
  let peak = 0;
  for (let count = 1; count <= 6000; count++) {
    const stream = zlib.createGzip();
    stream.write(data);
    held.push(stream);
    if (count % 400 === 0) held = [];
    if (count % 10 === 0) await new Promise(setImmediate);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  process.stdout.write(String(peak));
}

async function peakOf(path) {
  const source = `(${forget})(${JSON.stringify(path)})`;
  const { code, stdout, stderr } = await runProgram(process.execPath, ['-e', source], {});
  assert.equal(code, 0, String(stderr));
  return Number(stdout);
}

test('forgotten streams cost no more memory than those of node:zlib', {
  skip: notForNode('it is the measure'),
}, async () => {
  const [node, ours] = [await peakOf('node:zlib'), await peakOf(subjectPath)];
  assert.ok(ours < 1.5 * node, `peak of ${ours} bytes, node:zlib ${node}`);
});
