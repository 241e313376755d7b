// Knows when nothing more will happen to a stream by itself: no request is in flight on another
// thread and some turns of the event loop brought nothing new. Without that, node:zlib's own
// behaviour depends on the speed of its threads.

const { turns } = require('../support/drive');
const { STEP_LIMIT_MS } = require('../support/limits');
const { zlib, isNode } = require('../support/subject');

const STILL_TURNS = 4;

/**
 * Watches the writes of a node:zlib stream to its threads; to be called on a new stream. A write is
 * over when its callback is called or it failed; a stalled one waits for the consumer.
 */
function watchNode(stream) {
  const handle = stream._handle;
  const { write, onerror } = handle;
  const read = stream._read;
  let inFlight = false;
  const over = new WeakSet();
  handle.write = function watchedWrite(...args) {
    inFlight = true;
    const { cb } = this;
    if (!over.has(cb)) {
      this.cb = (...results) => {
        inFlight = false;
        cb(...results);
      };
      over.add(this.cb);
    }
    return write.apply(this, args);
  };
  handle.onerror = function watchedError(...args) {
    inFlight = false;
    return onerror.apply(this, args);
  };
  return () => inFlight && stream._read === read;
}

/** A function that says whether work for `stream` is in flight. */
function watch(side, stream) {
  if (side !== zlib || isNode) return watchNode(stream);
  return () => zlib.warpdrive.stats().outstanding > 0;
}

/**
 * Resolves when nothing more happens by itself to the stream of `life`. `pushed()` counts the chunks
 * that it pushed, which nobody may be listening for.
 */
async function quiet(life, busy, pushed = () => 0) {
  const limit = Date.now() + STEP_LIMIT_MS;
  let seen = '';
  for (let still = 0; still < STILL_TURNS; still++) {
    const now = [life.log.length, pushed(), life.stream.readableLength].join();
    if (busy() || now !== seen) still = 0;
    seen = now;
    await turns(1);
    if (Date.now() > limit) throw new Error(`still busy after ${STEP_LIMIT_MS} ms`);
  }
}

module.exports = { quiet, watch };
