// Each way in which a deflate block can be wrong has zlib's own message: the streams that the
// other tests use are wrong in the way they say.

const assert = require('node:assert/strict');
const { BAD_BLOCKS } = require('../support/bad-blocks');
const { assertSame } = require('../support/same');
const { zlib } = require('../support/subject');
const { test } = require('../support/bounded');

for (const [name, [bits, message]] of Object.entries(BAD_BLOCKS)) {
  test(name, () => {
    const bytes = Buffer.concat([bits.toBuffer(), Buffer.alloc(16)]);
    assert.throws(() => zlib.inflateRawSync(bytes), { code: 'Z_DATA_ERROR', errno: -3, message });
    const wrapped = Buffer.concat([Buffer.from('789c', 'hex'), bytes]);
    assert.throws(() => zlib.inflateSync(wrapped), { code: 'Z_DATA_ERROR', errno: -3, message });
    // Cut at every byte it is either this error or an early end.
    for (let size = 0; size <= bytes.length; size++) {
      assertSame((side) => side.inflateRawSync(bytes.subarray(0, size)), `${size} bytes`);
    }
  });
}
