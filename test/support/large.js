// Data of several GiB that is never in memory as a whole.

const os = require('node:os');

const GIB = 2 ** 30;
const PIECE = 2 ** 20;

/** One MiB of data that repeats: text that compresses well, and not only zeros. */
const piece = Buffer.alloc(PIECE, 'the queue of a device is rung by its doorbell, and so on. ');

/** `size` bytes, a MiB at a time. */
function* largeData(size) {
  for (let left = size; left > 0; left -= PIECE)
    yield left < PIECE ? piece.subarray(0, left) : piece;
}

/** Reason to skip a test that needs `bytes` of memory; in CI, where there is enough, throws. */
function tooLittleMemory(bytes) {
  const free = os.availableMemory?.() ?? os.freemem();
  const available = process.availableMemory?.() ?? free;
  if (available >= bytes) return false;
  const reason = `needs ${bytes / GIB} GiB of memory, ${(available / GIB).toFixed(1)} are available`;
  if (process.env.CI) throw new Error(`${reason}, and in CI they must be`);
  return reason;
}

/** Adds up what goes through a stream; nothing of it is kept. */
class Tally {
  constructor(crc32) {
    this.crc32 = crc32;
    this.size = 0;
    this.checksum = 0;
  }

  add(chunk) {
    this.size += chunk.length;
    if (this.crc32) this.checksum = this.crc32(chunk, this.checksum);
  }
}

module.exports = { GIB, PIECE, Tally, largeData, piece, tooLittleMemory };
