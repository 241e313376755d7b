// The handle behind a stream, as pngjs (sync-inflate.js) and others drive it themselves:
// writeSync(flush, in, inOffset, inLength, out, outOffset, outLength), and the space and the input
// left in `_writeState`.

const assert = require('node:assert/strict');
const { text } = require('../support/data');
const { FLUSHES, FORMATS } = require('../support/formats');
const { assertEqualTo, describeError } = require('../support/same');
const { zlib, node } = require('../support/subject');
const { test } = require('../support/bounded');

const { Z_NO_FLUSH, Z_FINISH } = FLUSHES;
const plain = text(50_000);

/** All output of `input`, by way of `size` bytes of space; `seen` gets what is left of both. */
function drive(stream, input, flush, size) {
  const parts = [];
  const seen = [];
  let offset = 0;
  for (;;) {
    const out = Buffer.alloc(size + 3);
    stream._handle.writeSync(flush, input, offset, input.length - offset, out, 3, size);
    const [spaceLeft, inputLeft] = stream._writeState;
    seen.push([spaceLeft, inputLeft]);
    parts.push(out.subarray(3, 3 + size - spaceLeft));
    offset = input.length - inputLeft;
    if (spaceLeft !== 0) break;
  }
  return { output: Buffer.concat(parts), seen };
}

for (const { name, compress, decompress, Compressor, Decompressor } of FORMATS) {
  test(`${name}: writeSync of a decompressor leaves what node leaves`, () => {
    const packed = node[`${compress}Sync`](plain);
    for (const size of [1000, 16384, 100_000]) {
      const expected = drive(new node[Decompressor](), packed, Z_FINISH, size);
      const actual = drive(new zlib[Decompressor](), packed, Z_FINISH, size);
      assertEqualTo(actual.output, expected.output, `${size} bytes of space`);
      assertEqualTo(actual.seen.at(-1), expected.seen.at(-1), `${size} bytes of space: left`);
    }
  });

  test(`${name}: writeSync of a compressor`, () => {
    for (const size of [100, 16384, 100_000]) {
      const stream = new zlib[Compressor]();
      const first = drive(stream, plain.subarray(0, 20_000), Z_NO_FLUSH, size);
      const second = drive(stream, plain.subarray(20_000), Z_FINISH, size);
      const output = Buffer.concat([first.output, second.output]);
      assert.ok(node[`${decompress}Sync`](output).equals(plain));
    }
  });

  test(`${name}: errors come through onerror, that is as the stream's`, async () => {
    const run = async (side) => {
      const stream = new side[Decompressor]();
      const errors = [];
      stream.on('error', (error) => errors.push(describeError(error)));
      const bad = Buffer.alloc(100, 0xff);
      stream._handle.writeSync(Z_FINISH, bad, 0, bad.length, Buffer.alloc(1000), 0, 1000);
      await new Promise((resolve) => setImmediate(resolve));
      return errors;
    };
    assertEqualTo(await run(zlib), await run(node), 'errors');
  });
}
