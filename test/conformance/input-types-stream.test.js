// What stream.write() and end() take; which types these are differs between versions of Node.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { collect } = require('../support/drive');
const { FORMATS } = require('../support/formats');
const { inputsOf } = require('../support/inputs');
const { assertSame, outcome } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const plain = text(4000);
const types = Object.keys(inputsOf(plain));

/** Writes `input` and gives what write() threw, or the decoded stream. */
async function written(side, { Compressor, decompress }, input, method) {
  const stream = new side[Compressor]();
  const output = collect(stream);
  output.catch(() => {});
  const call = outcome(() => {
    stream[method](input);
  });
  if (call.threw) {
    stream.destroy();
    return call;
  }
  if (method === 'write') stream.end();
  return node[`${decompress}Sync`](await output);
}

for (const format of FORMATS) {
  for (const method of ['write', 'end']) {
    test(`${format.Compressor}.${method}() of each type: as node`, async () => {
      for (const type of types) {
        const expected = await written(node, format, inputsOf(plain)[type], method);
        const actual = await written(zlib, format, inputsOf(plain)[type], method);
        assert.deepEqual(actual, expected, type);
        if (Buffer.isBuffer(actual)) assert.ok(actual.equals(plain), type);
      }
    });
  }
}

test('Buffer, Uint8Array and views on them are taken everywhere', async () => {
  for (const type of ['Buffer', 'Buffer view', 'Uint8Array']) {
    const output = await written(zlib, FORMATS[0], inputsOf(plain)[type], 'write');
    assert.ok(output.equals(plain), type);
  }
});

test('after a write() that threw the stream is as in node', () => {
  for (const type of types) {
    assertSame((side) => {
      const stream = new side.Gzip();
      stream.on('error', () => {});
      const call = outcome(() => stream.write(inputsOf(plain)[type]));
      const state = [stream.destroyed, stream.writable, stream.writableLength > 0, call];
      stream.destroy();
      return state;
    }, type);
  }
});
