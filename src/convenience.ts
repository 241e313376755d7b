// One-call forms: gzip(buffer, options, callback) and gzipSync(buffer, options), for all classes.
import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types';
import type { ClassName } from './constants.js';
import { bufferTooLarge } from './errors.js';
import { nodeZlib } from './node-zlib.js';
import { planFor, runQuickly, startQuickly } from './one-shot.js';
import type { Options } from './options.js';
import { classes } from './streams/classes.js';
import { processChunkSync, type ZlibStream } from './streams/zlib-base.js';

export type Input = string | ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView;
type Result = Buffer | { buffer: Buffer; engine: ZlibStream };
type Callback = (this: ZlibStream, error: Error | null, result?: Result) => void;

function result(engine: ZlibStream, buffer: Buffer): Result {
  return engine._info ? { buffer, engine } : buffer;
}

/** A stream that collects its output for a callback; the fields are node:zlib's. */
interface Collector extends ZlibStream {
  buffers: Buffer[] | null;
  /** Bytes in `buffers`. */
  nread: number;
  cb: Callback;
}

function zlibBufferOnData(this: Collector, chunk: Buffer): void {
  if (this.buffers) this.buffers.push(chunk);
  else this.buffers = [chunk];
  this.nread += chunk.byteLength;
  if (this.nread > this._maxOutputLength) {
    this.close();
    this.removeAllListeners('end');
    this.cb(bufferTooLarge(this._maxOutputLength));
  }
}

function zlibBufferOnError(this: Collector, error: Error): void {
  this.removeAllListeners('end');
  this.cb(error);
}

function zlibBufferOnEnd(this: Collector): void {
  const [first, second] = this.buffers ?? [];
  const output = first && !second ? first : Buffer.concat(this.buffers ?? [], this.nread);
  this.close();
  this.cb(null, result(this, output));
}

function runAsync(engine: ZlibStream, input: Input, callback: Callback): void {
  if (typeof callback !== 'function') nodeZlib.gzip('', {}, callback); // throws, in Node's words
  let chunk: unknown = input;
  if (isArrayBufferView(input) && !(input instanceof Uint8Array)) {
    chunk = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  } else if (isAnyArrayBuffer(input)) {
    chunk = Buffer.from(input);
  }
  const collector: Collector = Object.assign(engine, { buffers: null, nread: 0, cb: callback });
  collector.on('data', zlibBufferOnData);
  collector.on('error', zlibBufferOnError);
  collector.on('end', zlibBufferOnEnd);
  collector.end(chunk as Buffer);
}

function runSync(engine: ZlibStream, input: Input): Result {
  let chunk: NodeJS.ArrayBufferView;
  if (typeof input === 'string') {
    chunk = Buffer.from(input);
  } else if (isArrayBufferView(input)) {
    chunk = input;
  } else if (isAnyArrayBuffer(input)) {
    chunk = Buffer.from(input);
  } else {
    nodeZlib.deflateSync(input); // throws, in Node's words
    throw new TypeError('The "buffer" argument is of a type that cannot be compressed');
  }
  return result(engine, processChunkSync(engine, chunk, engine._finishFlushFlag));
}

export type AsyncForm = (input: Input, options: Options | Callback, callback?: Callback) => void;
export type SyncForm = (input: Input, options?: Options) => Result;

/** The stream that node:zlib would have used, as it is when the callback gets to see it. */
function usedStream(
  name: ClassName,
  options: Options,
  callback: Callback,
  inputBytes: number,
  output: Buffer,
): Collector {
  const engine = new classes[name](options);
  engine.bytesWritten = inputBytes;
  const { _writableState: written, _readableState: read } = engine as unknown as EndedStates;
  written.ending = written.ended = written.finished = true;
  read.ended = read.endEmitted = true;
  engine.close();
  const { byteLength: nread } = output;
  return Object.assign(engine, { buffers: nread > 0 ? [output] : null, nread, cb: callback });
}

interface EndedStates {
  _writableState: { ending: boolean; ended: boolean; finished: boolean };
  _readableState: { ended: boolean; endEmitted: boolean };
}

/** Without a stream, if nobody can tell the difference. */
function startWithoutStream(
  name: ClassName,
  buffer: Input,
  given: Options,
  callback: Callback,
): boolean {
  const plan = typeof callback === 'function' ? planFor(name, given) : null;
  if (!plan) return false;
  const options = given && { ...given }; // the caller may change the object meanwhile
  return startQuickly(plan, buffer, (output, inputBytes) => {
    if (output) usedStream(name, options, callback, inputBytes, output).cb(null, output);
    else runAsync(new classes[name](options), buffer, callback);
  });
}

export function asyncForm(name: ClassName): AsyncForm {
  return function asyncBufferWrapper(buffer, opts, callback) {
    let options: Options = {};
    let done = callback;
    if (typeof opts === 'function') done = opts;
    else options = opts;
    if (startWithoutStream(name, buffer, options, done as Callback)) return;
    runAsync(new classes[name](options), buffer, done as Callback);
  };
}

export function syncForm(name: ClassName): SyncForm {
  return function syncBufferWrapper(buffer, opts) {
    const plan = planFor(name, opts);
    const output = plan && runQuickly(plan, buffer);
    return output || runSync(new classes[name](opts), buffer);
  };
}
