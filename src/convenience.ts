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

function runAsync(engine: ZlibStream, input: Input, callback: Callback): void {
  if (typeof callback !== 'function') nodeZlib.gzip('', {}, callback); // throws, in Node's words
  let chunk: unknown = input;
  if (isArrayBufferView(input) && !(input instanceof Uint8Array)) {
    chunk = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  } else if (isAnyArrayBuffer(input)) {
    chunk = Buffer.from(input);
  }
  const buffers: Buffer[] = [];
  let size = 0;
  engine.on('data', function zlibBufferOnData(data: Buffer) {
    buffers.push(data);
    size += data.byteLength;
    if (size > engine._maxOutputLength) {
      engine.close();
      engine.removeAllListeners('end');
      callback.call(engine, bufferTooLarge(engine._maxOutputLength));
    }
  });
  engine.on('error', function zlibBufferOnError(error: Error) {
    engine.removeAllListeners('end');
    callback.call(engine, error);
  });
  engine.on('end', function zlibBufferOnEnd() {
    const [first] = buffers;
    const output = buffers.length === 1 && first ? first : Buffer.concat(buffers, size);
    engine.close();
    callback.call(engine, null, result(engine, output));
  });
  engine.end(chunk as Buffer);
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
function usedStream(name: ClassName, options: Options, inputBytes: number): ZlibStream {
  const engine = new classes[name](options);
  engine.bytesWritten = inputBytes;
  const { _writableState: written, _readableState: read } = engine as unknown as EndedStates;
  written.ending = written.ended = written.finished = true;
  read.ended = read.endEmitted = true;
  engine.close();
  return engine;
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
    if (output) callback.call(usedStream(name, options, inputBytes), null, output);
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
