// One-call forms: gzip(buffer, options, callback) and gzipSync(buffer, options), for all classes.
import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types';
import { bufferTooLarge } from './errors.js';
import { nodeZlib } from './node-zlib.js';
import type { Options } from './options.js';
import { processChunkSync, type ZlibConstructor, type ZlibStream } from './streams/zlib-base.js';

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
  engine.on('data', (data: Buffer) => {
    buffers.push(data);
    size += data.byteLength;
    if (size > engine._maxOutputLength) {
      engine.close();
      engine.removeAllListeners('end');
      callback.call(engine, bufferTooLarge(engine._maxOutputLength));
    }
  });
  engine.on('error', (error: Error) => {
    engine.removeAllListeners('end');
    callback.call(engine, error);
  });
  engine.on('end', () => {
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

export function asyncForm(Class: ZlibConstructor): AsyncForm {
  return function asyncBufferWrapper(buffer, opts, callback) {
    let options: Options = {};
    let done = callback;
    if (typeof opts === 'function') done = opts;
    else options = opts;
    runAsync(new Class(options), buffer, done as Callback);
  };
}

export function syncForm(Class: ZlibConstructor): SyncForm {
  return function syncBufferWrapper(buffer, opts) {
    return runSync(new Class(opts), buffer);
  };
}
