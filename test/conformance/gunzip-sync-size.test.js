// gunzipSync() decodes into a buffer of the size that a stream's trailer tells (RFC 1952 §2.3.1,
// ISIZE, the last four bytes). That size may lie, and the input may be any kind of view.

const assert = require('node:assert/strict');
const { node, zlib } = require('../support/subject');
const { test } = require('../support/bounded');

const SIZES = [0, 1, 200, 5_000, 100_000];

function contents(size) {
  const line = 'GET /page/17 HTTP/1.1" 200 4523 "https://example.org/" ';
  return Buffer.from(line.repeat(Math.ceil(size / line.length)).slice(0, size));
}

function outcome(lib, input) {
  try {
    const output = lib.gunzipSync(input);
    return { bytes: output.toString('latin1'), kind: Object.prototype.toString.call(output) };
  } catch ({ code, errno, message }) {
    return { code, errno, message };
  }
}

for (const size of SIZES) {
  const packed = node.gzipSync(contents(size));

  test(`a member of ${size} bytes whose trailer lies`, () => {
    const told = [0, 1, size - 1, size, size + 1, 2 * size, 1 << 19, (1 << 19) + 1, 2 ** 32 - 1];
    for (const lie of told.filter((value) => value >= 0)) {
      const input = Buffer.from(packed);
      input.writeUInt32LE(lie, input.length - 4);
      assert.deepEqual(outcome(zlib, input), outcome(node, input), `ISIZE ${lie}`);
    }
  });

  test(`a member of ${size} bytes, damaged or cut at every place`, () => {
    const places = Array.from({ length: 60 }, (_, i) => Math.floor((i / 60) * packed.length));
    for (const place of places) {
      const damaged = Buffer.from(packed);
      damaged[place] ^= 0x41;
      assert.deepEqual(outcome(zlib, damaged), outcome(node, damaged), `byte ${place}`);
      const cut = packed.subarray(0, place);
      assert.deepEqual(outcome(zlib, cut), outcome(node, cut), `${place} bytes`);
    }
  });

  test(`a member of ${size} bytes in every kind of view`, () => {
    const expected = outcome(node, packed);
    const padded = new ArrayBuffer(packed.length + 64);
    const offset = 32;
    new Uint8Array(padded).set(packed, offset);
    const shared = new SharedArrayBuffer(packed.length);
    new Uint8Array(shared).set(packed);
    const views = [
      new Uint8Array(padded, offset, packed.length),
      new Uint8ClampedArray(padded, offset, packed.length),
      new Int8Array(padded, offset, packed.length),
      new DataView(padded, offset, packed.length),
      padded.slice(offset, offset + packed.length),
      new Uint8Array(shared),
      new DataView(shared),
      shared,
    ];
    for (const view of views) {
      assert.deepEqual(outcome(zlib, view), expected, Object.prototype.toString.call(view));
    }
    const even = Buffer.concat([packed, Buffer.alloc(packed.length % 2)]); // a zero ends the stream
    const words = new Uint16Array(
      even.buffer.slice(even.byteOffset, even.byteOffset + even.length),
    );
    assert.deepEqual(outcome(zlib, words), expected, 'Uint16Array');
  });
}

test('the result is a buffer of its own', () => {
  const packed = node.gzipSync(contents(5_000));
  const [first, second] = [zlib.gunzipSync(packed), zlib.gunzipSync(packed)];
  assert.notEqual(first.buffer, second.buffer);
  first.fill(0);
  assert.ok(second.equals(contents(5_000)));
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(second, [second.buffer]); // can be handed over
  assert.equal(second.length, 0);
  port1.close();
  port2.close();
});
