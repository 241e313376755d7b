// What a decompressing stream has delivered when the error comes.

const assert = require('node:assert/strict');
const { flip } = require('../support/bad-streams');
const { text } = require('../support/data');
const { until } = require('../support/drive');
const { Recorder } = require('../support/events');
const { FORMATS } = require('../support/formats');
const { assertEqualTo } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(100_000);

/** Writes everything at once; gives what came before the error. */
async function delivered(side, Class, bytes, options) {
  const stream = new side[Class](options);
  const recorder = new Recorder(stream);
  stream.end(bytes);
  await recorder.closed();
  return {
    bytes: recorder.output.length,
    end: recorder.reads().slice(-2),
    output: recorder.output,
  };
}

for (const { name, compress, Decompressor } of FORMATS) {
  const packed = node[`${compress}Sync`](plain);

  test(`${name}: writes whose output has come stay delivered`, async () => {
    const good = packed.subarray(0, 5000);
    const bad = Buffer.alloc(200, 0xff);
    const reference = new Recorder(new node[Decompressor]());
    reference.stream.write(good);
    await new Promise((resolve) => reference.stream.write('', resolve));
    assert.ok(reference.output.length > 1000);

    const recorder = new Recorder(new zlib[Decompressor]());
    recorder.stream.write(good);
    // All that node can decode from these bytes comes out without more input and without flush.
    await until(() => recorder.output.length === reference.output.length);
    for (const { stream } of [recorder, reference]) stream.end(bad);
    await Promise.all([recorder.closed(), reference.closed()]);
    assertEqualTo(recorder.reads(), reference.reads(), 'events');
    assertEqualTo(recorder.output, reference.output, 'output');
  });

  test(`${name}: one write with an error in it`, async () => {
    const cases = [
      flip(packed, 3000),
      flip(packed, packed.length >> 1),
      Buffer.concat([packed.subarray(0, 8000), Buffer.alloc(100, 0xff)]),
      packed.subarray(0, -20),
    ];
    for (const options of [undefined, { chunkSize: 1000 }, { chunkSize: 1 << 20 }]) {
      for (const [i, bytes] of cases.entries()) {
        const expected = await delivered(node, Decompressor, bytes, options);
        const actual = await delivered(zlib, Decompressor, bytes, options);
        // Whole chunks of chunkSize come before the error, the one begun is lost.
        assertEqualTo(actual, expected, `case ${i}, ${JSON.stringify(options)}`);
      }
    }
  });
}

test('a wrong checksum after data: in gzip the data comes before the error or not, as in node', async () => {
  const packed = node.gzipSync(plain);
  for (const bytes of [flip(packed, -8), flip(packed, -1)]) {
    const expected = await delivered(node, 'Gunzip', bytes);
    assertEqualTo(await delivered(zlib, 'Gunzip', bytes), expected, 'one write');
  }
});
