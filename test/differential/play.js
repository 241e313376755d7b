// Plays a case on one side and says what came of it.

const { Recorder } = require('../support/events');
const { turns } = require('../support/drive');
const { STEP_LIMIT_MS } = require('../support/limits');
const { describeError } = require('../support/same');

/** Resolves to `promise`'s value, or to `late` when it takes too long. */
function within(promise, ms, late) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, late);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** A fresh object for each side: node:zlib changes its caller's. */
const own = (options) => options && { ...options };

/** What a one-shot form gave: with `info` it is an object with the engine. */
function delivered(result) {
  if (Buffer.isBuffer(result)) return { output: result };
  const { buffer, engine } = result;
  return {
    output: buffer,
    engine: engine.constructor.name,
    bytesWritten: engine.bytesWritten,
  };
}

function playSync(side, { method, input, options }) {
  try {
    return delivered(side[`${method}Sync`](input, own(options)));
  } catch (error) {
    return { error: describeError(error), threw: true };
  }
}

async function playCallback(side, { method, input, options }) {
  let calls = 0;
  const called = new Promise((resolve, reject) => {
    const done = (error, result) => {
      calls++;
      if (error) resolve({ error: describeError(error), result });
      else resolve(delivered(result));
    };
    try {
      if (options) side[method](input, own(options), done);
      else side[method](input, done);
    } catch (error) {
      reject(error);
    }
  });
  try {
    const result = await within(called, STEP_LIMIT_MS, { hangs: true });
    await turns(1);
    return { ...result, calls };
  } catch (error) {
    return { error: describeError(error), threw: true };
  }
}

/** Plays the steps of a case on a stream. */
class Player {
  constructor(stream, { input, steps }) {
    this.life = new Recorder(stream);
    this.stream = stream;
    this.input = input;
    this.steps = steps;
    this.number = 0;
    this.last = Promise.resolve();
    this.errors = [];
    /** Output bytes there were when a flush was called back, and what had been written then. */
    this.flushes = [];
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', (error) => this.errors.push(describeError(error)));
  }

  /** A callback that is recorded, and that `settle` waits for. */
  callback(name, then = () => {}) {
    const recorded = this.life.callback(`${name}-${this.number++}`);
    let settle;
    this.last = new Promise((resolve) => {
      settle = resolve;
    });
    return (error) => {
      recorded(error);
      then();
      settle();
    };
  }

  write({ from, to, quiet }) {
    const chunk = this.input.subarray(from, to);
    if (quiet) this.stream.write(chunk);
    else this.stream.write(chunk, this.callback('write'));
    this.written = to;
  }

  flush({ kind }) {
    const { written = 0 } = this;
    const note = () => {
      const size = this.life.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      this.flushes.push({ kind, written, size });
    };
    this.stream.flush(kind, this.callback('flush', note));
  }

  // Node needs params() to be waited for: stream-params.test.js.
  params({ level, strategy }) {
    const called = this.life.callback(`params-${this.number++}`);
    return new Promise((resolve) => {
      this.stream.params(level, strategy, () => {
        called();
        resolve();
      });
    });
  }

  turns({ count }) {
    return turns(count);
  }

  pause() {
    this.stream.pause();
    setImmediate(() => this.stream.resume());
  }

  settle() {
    return this.last;
  }

  drain() {
    if (!this.stream.writableNeedDrain) return undefined;
    return new Promise((resolve) => this.stream.once('drain', resolve));
  }

  end({ from, to }) {
    if (to === undefined) this.stream.end(this.callback('end'));
    else this.stream.end(this.input.subarray(from, to), this.callback('end'));
  }

  async run() {
    for (const step of this.steps) {
      if (this.stream.destroyed) break;
      // A stream that fails does not call back the write that it failed in.
      const waiting = this[step.do](step);
      if (waiting) await Promise.race([waiting, this.closed]);
    }
    await this.closed;
    await turns(2);
  }
}

async function playStream(side, made) {
  const { Class, options } = made;
  let stream;
  try {
    stream = new side[Class](own(options));
  } catch (error) {
    return { error: describeError(error), threw: true };
  }
  const player = new Player(stream, made);
  const hangs = await within(
    player.run().then(() => false),
    STEP_LIMIT_MS,
    true,
  );
  const { life, errors, flushes } = player;
  if (hangs) stream.destroy();
  return {
    hangs,
    errors,
    output: life.output,
    sizes: life.chunks.map((chunk) => chunk.length),
    bytesWritten: stream.bytesWritten,
    life: life.life(),
    reads: life.reads(),
    flushes,
  };
}

const FORMS = { sync: playSync, callback: playCallback, stream: playStream };

/** Plays `made` (of makeCase) on `side`, a zlib module. */
async function play(side, made) {
  return FORMS[made.form](side, made);
}

module.exports = { play };
