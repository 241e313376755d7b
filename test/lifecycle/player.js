// Plays a script on a stream of node:zlib or of this package and reports what could be seen.

const { addAbortSignal, Writable } = require('node:stream');
const { turns } = require('../support/drive');
const { describeError, outcome } = require('../support/same');
const { Life } = require('./life');
const { Supply, garbage } = require('./material');
const { quiet, watch } = require('./quiet');

const WRONG_VALUES = {
  null: null,
  undefined,
  number: 42,
  object: {},
  symbol: Symbol('s'),
  array: [1, 2],
  boolean: true,
};
const STATE = [
  'destroyed',
  'closed',
  'writable',
  'writableEnded',
  'writableFinished',
  'writableCorked',
  'writableLength',
  'writableNeedDrain',
  'writableAborted',
  'readable',
  'readableEnded',
  'readableAborted',
  'readableFlowing',
  'bytesWritten',
  '_closed',
  '_level',
  '_strategy',
];

const failure = () => Object.assign(new Error('on purpose'), { code: 'ON_PURPOSE' });

/** A destination that takes `slow` turns for each chunk. */
function slowWritable(slow) {
  return new Writable({
    highWaterMark: 1000,
    write(_chunk, _encoding, done) {
      turns(slow).then(() => done());
    },
  });
}

class Player {
  constructor(side, { Class, options, body, reading }) {
    this.controller = new AbortController();
    this.stream = new side[Class](options);
    this.busy = watch(side, this.stream);
    addAbortSignal(this.controller.signal, this.stream);
    this.pushed = [];
    this.countPushes();
    this.life = new Life(this.stream, { data: reading === 'flow' });
    if (reading === 'readable') {
      this.stream.on('readable', () => {
        while (this.takeOutput(this.stream.read()));
      });
    }
    this.supply = new Supply(Class, body);
    this.written = [];
    this.destinations = [];
    /** Where resets were: a new stream begins there. */
    this.cuts = [];
    /** What each command gave, or threw. */
    this.results = new Map();
  }

  /** All output, whoever reads it. */
  countPushes() {
    const { push } = this.stream;
    this.stream.push = (chunk, ...rest) => {
      if (chunk !== null && this.stream.destroyed) this.life.note('push-after-destroy');
      if (chunk !== null) this.pushed.push(chunk);
      return push.call(this.stream, chunk, ...rest);
    };
  }

  takeOutput(chunk) {
    if (chunk === null) return false;
    this.life.chunks.push(chunk);
    this.life.note('data');
    return true;
  }

  /** A labelled callback, if the command wants one. */
  callbackOf(command, label, place) {
    if (command.callback === 'wrong') return ['callback'];
    if (!command.callback && !command.inside) return [];
    const act = () => command.inside && this.run(command.inside, `${place}.inside`);
    return [this.life.callback(label, act)];
  }

  /**
   * Will node:zlib call back without a place in the order of writes? After end() a flush waits for
   * 'finish' or 'end', whichever is next; params() that change nothing wait for nothing.
   */
  isSoon(command) {
    const { writableEnded, _level, _strategy } = this.stream;
    if (command.do === 'flush') return writableEnded;
    if (command.do !== 'params') return false;
    return command.level === _level && command.strategy === _strategy;
  }

  /**
   * Does one command and notes what came of it. `place` is where it stands in the script, which is
   * in its label.
   */
  run(asked, place) {
    // node:zlib does these after 'end', when zlib no longer takes them: an 'error' after 'end'.
    const refused = asked.do === 'params' && this.stream.writableEnded;
    const command = refused ? { do: 'peek' } : asked;
    const label = `${this.isSoon(command) ? 'soon-' : ''}${command.do}-${place}`;
    this.place = place;
    const result = outcome(() => this[command.do](command, this.callbackOf(command, label, place)));
    if (result.value === this.stream) result.value = 'the stream';
    this.results.set(`${asked.do}-${place}`, result);
  }

  /** Input for the stream, if it still takes any. */
  take(size) {
    const bytes = this.supply.take(size);
    if (!this.stream.writableEnded && !this.stream.destroyed) this.written.push(bytes);
    return bytes;
  }

  write({ size, form }, callback) {
    const bytes = this.take(size);
    if (form === 'Uint8Array') return this.stream.write(new Uint8Array(bytes), ...callback);
    if (form === 'DataView') {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return this.stream.write(view, ...callback);
    }
    if (form === 'buffer') return this.stream.write(bytes, ...callback);
    return this.stream.write(bytes.toString(form), form, ...callback);
  }

  garbage({ size }, callback) {
    const bytes = garbage.subarray(0, size);
    if (!this.stream.writableEnded && !this.stream.destroyed) this.written.push(bytes);
    return this.stream.write(bytes, ...callback);
  }

  wrong({ value }, callback) {
    return this.stream.write(WRONG_VALUES[value], ...callback);
  }

  encoding({ value }, callback) {
    const { writableEnded, destroyed } = this.stream;
    const result = this.stream.write('text', value, ...callback);
    // The empty one is not unknown: it stands for the default.
    const encoding = this.stream._writableState.defaultEncoding;
    if (!writableEnded && !destroyed) this.written.push(Buffer.from('text', encoding));
    return result;
  }

  flush({ kind }, callback) {
    return kind === 'none' ? this.stream.flush(...callback) : this.stream.flush(kind, ...callback);
  }

  params({ level, strategy }, callback) {
    return this.stream.params(level, strategy, ...callback);
  }

  reset() {
    const result = this.stream.reset();
    this.cuts.push({ output: this.outputLength(), written: this.writtenLength() });
    return result;
  }

  close(_command, callback) {
    return this.stream.close(...callback);
  }

  destroy({ error }) {
    return this.stream.destroy(error ? failure() : undefined);
  }

  end({ size }, callback) {
    if (size === null) return this.stream.end(...callback);
    const bytes = this.take(size);
    return this.stream.end(bytes, ...callback);
  }

  abort() {
    this.controller.abort();
  }

  pause() {
    return this.stream.pause();
  }

  resume() {
    return this.stream.resume();
  }

  read({ size }) {
    return this.takeOutput(this.stream.read(size));
  }

  cork() {
    return this.stream.cork();
  }

  uncork() {
    return this.stream.uncork();
  }

  setDefaultEncoding({ value }) {
    return this.stream.setDefaultEncoding(value);
  }

  pipe({ end, slow }) {
    const destination = slowWritable(slow);
    this.destinations.push(destination);
    this.stream.pipe(destination, { end });
  }

  unpipe() {
    return this.stream.unpipe(this.destinations.at(-1));
  }

  /** Starts an async iterator that is left after some chunks. */
  iterate({ chunks }) {
    const label = `iterated-${this.place}`;
    this.life.pending++;
    (async () => {
      let left = chunks;
      for await (const _chunk of this.stream) if (--left <= 0) break;
    })()
      .then(
        () => this.life.note(`${label}()`),
        (error) => this.life.note(`${label}(${describeError(error).code})`),
      )
      .finally(() => this.life.pending--);
  }

  when({ event, act }) {
    const place = `${this.place}.${event}`;
    this.stream.once(event, () => this.run(act, place));
  }

  peek() {
    const { _handle: handle, _closed, _level, _strategy, _chunkSize } = this.stream;
    return { handle: handle === null, _closed, _level, _strategy, _chunkSize };
  }

  quiet() {
    const unread = () => this.destinations.some(({ writableLength }) => writableLength > 0);
    return quiet(
      this.life,
      () => this.busy() || unread(),
      () => this.pushed.length,
    );
  }

  outputLength() {
    return this.pushed.reduce((sum, { length }) => sum + length, 0);
  }

  writtenLength() {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  /** What can be seen now. */
  look() {
    const { stream, life } = this;
    const state = Object.fromEntries(STATE.map((name) => [name, stream[name]]));
    state.errored = stream.errored ? describeError(stream.errored) : null;
    state.noHandle = stream._handle === null;
    const full = stream.readableLength >= stream.readableHighWaterMark;
    const output = this.outputLength();
    return { state, full, output, entries: life.log.length };
  }
}

module.exports = { Player };
