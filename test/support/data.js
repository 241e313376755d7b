// Input data: reproducible bytes of several kinds.

const { createHash } = require('node:crypto');
const { randomFrom } = require('./seed');

const WORDS = (
  'the queue of a device is rung by its doorbell and answers with a phase bit while blocks go ' +
  'through history, checksum, window, header, trailer; "status": 200, "path": "/index.html" ' +
  'GET POST 127.0.0.1 2026-11-22T10:00:00Z ERROR WARN INFO\n'
).split(' ');

/** Bytes without structure. */
function noise(size, start = 1) {
  const random = randomFrom(start);
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = random.next() >>> 11;
  return bytes;
}

/** Words and numbers, as in logs: compresses about 1:4. */
function text(size, start = 1) {
  const random = randomFrom(start);
  const parts = [];
  let length = 0;
  while (length < size) {
    const part = random.below(12) === 0 ? `${random.below(100000)} ` : `${random.pick(WORDS)} `;
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join(''), 'latin1').subarray(0, size);
}

/** Text, noise and runs of one byte in turns of up to 20,000 bytes. */
function mixed(size, start = 1) {
  const random = randomFrom(start);
  const bytes = Buffer.alloc(size);
  let offset = 0;
  while (offset < size) {
    const length = Math.min(size - offset, 1 + random.below(20000));
    const kind = random.below(4);
    if (kind === 0) noise(length, random.next()).copy(bytes, offset);
    else if (kind === 1) bytes.fill(random.below(256), offset, offset + length);
    else text(length, random.next()).copy(bytes, offset);
    offset += length;
  }
  return bytes;
}

const zeros = (size) => Buffer.alloc(size);

/** A short pattern again and again, so that matches are as long as they can be. */
const pattern = (size) => Buffer.alloc(size, 'abcabcabd');

const KINDS = { noise, text, mixed, zeros, pattern };

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

module.exports = { ...KINDS, KINDS, sha256 };
