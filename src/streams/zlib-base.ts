// The prototype chain of node:zlib's streams: Gzip -> Zlib -> ZlibBase -> Transform. Written as
// functions, because users call them without `new` and inherit from them in the old way.
import { finished, type TransformOptions } from 'node:stream';
import { deprecate } from 'node:util';
import {
  Mode,
  Z_BLOCK,
  Z_FINISH,
  Z_FULL_FLUSH,
  Z_NO_FLUSH,
  Z_PARTIAL_FLUSH,
  Z_SYNC_FLUSH,
} from '../constants.js';
import { isOfZlib, stringChunk } from '../errors.js';
import { nextTick } from '../later.js';
import { nodeZlib, streamMaking } from '../node-zlib.js';
import { type CheckedOptions, checkOptions, checkParams, type Options } from '../options.js';
import { CompressEngine } from './compress-engine.js';
import { DecompressEngine } from './decompress-engine.js';
import { type Done, type Engine, failStream } from './engine.js';
import { hasCallback, Transform } from './transform.js';

/** A stream as seen from inside; the underscored names are node:zlib's, which users reach for. */
export interface ZlibStream extends Transform {
  bytesWritten: number;
  _handle: Engine | null;
  /** [space left, input left] after `_handle.writeSync()`, in bytes. */
  _writeState: Uint32Array;
  /** Output space for those who drive `_handle`; the streams themselves do not use it. */
  _outBuffer: Buffer;
  _outOffset: number;
  _chunkSize: number;
  _defaultFlushFlag: number;
  _finishFlushFlag: number;
  _defaultFullFlushFlag: number;
  _info: boolean | undefined;
  _maxOutputLength: number;
  _level: number;
  _strategy: number;
  _closed: boolean;
  _rejectGarbageAfterEnd?: boolean;
  _mode?: Mode;
  _flushBoundIdx?: number;
  flush(kind?: number | Callback, callback?: Callback): void;
  close(callback?: Callback): void;
  params(level: number, strategy: number, callback: Callback): void;
  reset(): void;
  _processChunk(chunk: Uint8Array, flushFlag: number, callback?: Done): Buffer | undefined;
}

type Callback = () => void;

/** A constructor that works with and without `new`. */
export interface ZlibConstructor {
  new (options?: Options): ZlibStream;
  (options?: Options): ZlibStream;
  prototype: ZlibStream;
}

/** A buffer of so many bytes is always to be had. */
const CERTAIN_CHUNK = 2 ** 30;

const flushKind = Symbol('flush kind');
type FlushBuffer = Buffer & { [flushKind]?: number };

// Zero-length chunks that stand for a flush in the sequence of writes, so that it keeps its place.
const FLUSH_KINDS = [Z_NO_FLUSH, Z_BLOCK, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH];
const flushBuffers: Record<number, FlushBuffer> = {};
for (const kind of FLUSH_KINDS) {
  flushBuffers[kind] = Object.assign(Buffer.from(new ArrayBuffer(0)), { [flushKind]: kind });
}

/**
 * The stronger of two flush kinds: FLUSH_KINDS is in ascending order. Options may be fractions:
 * they compare as unknown, and count as the integer below them.
 */
function strongerFlush(usual: number, finish: number): number {
  const [a, b] = [FLUSH_KINDS.indexOf(usual), FLUSH_KINDS.indexOf(finish)];
  return Math.trunc(b >= 0 && a > b ? usual : finish);
}

function isDecompressor(mode: Mode): boolean {
  return (
    mode === Mode.Inflate || mode === Mode.Gunzip || mode === Mode.InflateRaw || mode === Mode.Unzip
  );
}

/** The caller's options, and never anything but bytes. */
function forBytes(options: Options | undefined): Options | undefined {
  const given = options as TransformOptions | undefined;
  if (!given || !(given.encoding || given.objectMode || given.writableObjectMode)) return options;
  const bytes = { encoding: null, objectMode: false, writableObjectMode: false };
  return { ...given, ...bytes } as Options;
}

/** Of options that are false in a sense: some Nodes take them for `info`. */
function infoOfNothing(options: Options | undefined): boolean | undefined {
  const asked = nodeZlib.createInflateRaw(options) as unknown as ZlibStream;
  asked.close();
  return asked._info;
}

/** Whether output has nowhere to go: there is no readable side, or somebody ended it. */
function cannotPush(stream: ZlibStream): boolean {
  const { _readableState: state } = stream as { _readableState?: ReadState };
  const compresses = stream._handle instanceof CompressEngine;
  return state?.readable === false || (compresses && state?.ended === true);
}

interface ReadState {
  readable?: boolean;
  ended: boolean;
}

export function ZlibBase(
  this: ZlibStream,
  options: Options | undefined,
  mode: Mode,
  checked: CheckedOptions,
): void {
  const { fields, error } = streamMaking();
  const given = forBytes(options);
  // Fields in node:zlib's order: who lists them can tell.
  Reflect.apply(Transform, this, [{ autoDestroy: true, ...given }]);
  (this as unknown as Record<symbol, unknown>)[error] = null;
  this.bytesWritten = 0;
  const Engine = isDecompressor(mode) ? DecompressEngine : CompressEngine;
  this._handle = new Engine(mode, this, checked);
  // So that what cannot be had is refused here, as by Node, and not by the first write.
  if (checked.chunkSize > CERTAIN_CHUNK) this._outBuffer = Buffer.allocUnsafe(checked.chunkSize);
  this._outOffset = 0;
  this._chunkSize = checked.chunkSize;
  this._defaultFlushFlag = checked.flush;
  this._finishFlushFlag = checked.finishFlush;
  this._defaultFullFlushFlag = Z_FULL_FLUSH;
  if (fields.has('_flushBoundIdx')) this._flushBoundIdx = 0;
  this._info = given || given === undefined ? given?.info : infoOfNothing(given);
  this._maxOutputLength = checked.maxOutputLength;
  if (fields.has('_rejectGarbageAfterEnd')) {
    this._rejectGarbageAfterEnd = given?.rejectGarbageAfterEnd === true;
  }
}
Object.setPrototypeOf(ZlibBase.prototype, Transform.prototype);
Object.setPrototypeOf(ZlibBase, Transform);
const base = ZlibBase.prototype as ZlibStream;

Object.defineProperty(base, '_closed', {
  configurable: true,
  enumerable: true,
  get(this: ZlibStream) {
    return !this._handle;
  },
});

// Made when somebody asks for it: hardly anyone does, and it is 16 KiB per stream.
Object.defineProperty(base, '_outBuffer', {
  configurable: true,
  enumerable: true,
  get(this: ZlibStream) {
    this._outBuffer = Buffer.allocUnsafe(this._chunkSize);
    return this._outBuffer;
  },
  set(this: ZlibStream, value: Buffer) {
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(this, '_outBuffer', own);
  },
});

if ('bytesRead' in nodeZlib.Deflate.prototype) {
  Object.defineProperty(base, 'bytesRead', {
    configurable: true,
    enumerable: true,
    get: deprecate(
      function (this: ZlibStream) {
        return this.bytesWritten;
      },
      'zlib.bytesRead is deprecated and will change its meaning in the ' +
        'future. Use zlib.bytesWritten instead.',
      'DEP0108',
    ),
    set: deprecate(
      function (this: ZlibStream, value: number) {
        this.bytesWritten = value;
      },
      'Setting zlib.bytesRead is deprecated. This feature will be removed in the future.',
      'DEP0108',
    ),
  });
}

base.reset = function reset() {
  if (!this._handle) assertOpen();
  this._handle?.reset();
};

// The finish flush is always a call of its own. node:zlib gives it along with the last write if
// end() was called by the time that write is processed; here output must not depend on timing.
base._flush = function _flush(callback: Done) {
  if (this._handle) this._handle.finishing = true;
  this._transform(flushBuffers[finishKind(this)], '' as BufferEncoding, (error, data) => {
    // The callback ends the readable side: of a stream destroyed meanwhile that would look whole.
    if (!this.destroyed) callback(error, data);
  });
};

/** What a listener of 'prefinish' throws fails the stream: node:stream sees to that only in _final(). */
function finish(callback: Done): void {
  try {
    callback();
  } catch (error) {
    callback(error as Error);
  }
}

// Output of the finish flush goes on after 'finish': Transform's own _final would hold that back.
base._final = function _final(callback: Done) {
  // Output fails, as node:zlib's does.
  if (cannotPush(this)) this.push(Buffer.alloc(1));
  else if (this._handle) this._handle.whenProcessed(() => finish(callback));
  else callback();
};

base.flush = function flush(kind?: number | Callback, callback?: Callback) {
  let done = callback;
  let flag: number | undefined;
  if (typeof kind === 'function' || (kind === undefined && !callback)) {
    done = kind as Callback | undefined;
    flag = this._defaultFullFlushFlag;
  } else {
    flag = kind;
  }
  const known = typeof flag === 'number' ? flushBuffers[flag] : undefined;
  const marker = known ?? strangeFlush(this, flag);
  if (this.writableFinished) {
    if (done) nextTick(done);
  } else if (this.writableEnded) {
    if (done) this.once('end', done);
  } else {
    this.write(marker, '' as BufferEncoding, done);
  }
};

/**
 * For what is no flush kind: the running Node throws (older ones only before end()), takes a string
 * for the number in it, or takes the default.
 */
function strangeFlush(stream: ZlibStream, kind: unknown): FlushBuffer {
  const asked = nodeZlib.createDeflate();
  asked.on('error', () => {});
  if (stream.writableEnded) asked.end();
  try {
    asked.flush(kind as number, () => {});
  } finally {
    asked.close();
  }
  const { _defaultFullFlushFlag: fallback } = stream;
  return flushBuffers[kind as number] ?? (flushBuffers[fallback] as FlushBuffer);
}

base.close = function close(callback?: Callback) {
  if (callback) finished(this, callback);
  this.destroy();
};

base._destroy = function _destroy(error, callback) {
  closeHandle(this);
  callback(error);
};

base._transform = function _transform(chunk: FlushBuffer, _encoding: BufferEncoding, done: Done) {
  // The last write of all is waited for by the callback of end().
  const last = this.writableEnded && this.writableLength === chunk.byteLength;
  // A subclass may push in its callback: what is due by then comes first.
  const early = !last && this._transform === transform && !hasCallback(this);
  processChunk(this, chunk, chunk[flushKind] ?? ownFlush(this, chunk), done, early);
};
const { _transform: transform } = base;

/** The kind for a chunk that says none. A subclass may give on another one for that of _flush(). */
function ownFlush(stream: ZlibStream, chunk: Uint8Array): number {
  const isFlush = stream._handle?.finishing === true && chunk.byteLength === 0;
  return isFlush ? finishKind(stream) : stream._defaultFlushFlag;
}

function finishKind({ _defaultFlushFlag, _finishFlushFlag }: ZlibStream): number {
  return strongerFlush(_defaultFlushFlag, _finishFlushFlag);
}

base._processChunk = function _processChunk(
  chunk: Uint8Array,
  flushFlag: number,
  callback?: Done,
): Buffer | undefined {
  if (typeof callback === 'function') {
    processChunk(this, chunk, flushFlag, callback);
    return undefined;
  }
  return processChunkSync(this, chunk, flushFlag);
};

function processChunk(
  stream: ZlibStream,
  chunk: Uint8Array,
  kind: number,
  done: Done,
  early = false,
): void {
  if (!stream._handle) nextTick(done);
  else if (typeof chunk === 'string') done(stringChunk(chunk));
  else stream._handle.process(chunk, kind, done, early);
}

/** Processes `chunk` at once and closes the stream, as node:zlib's synchronous functions do. */
export function processChunkSync(stream: ZlibStream, chunk: ArrayBufferView, kind: number): Buffer {
  stream.on('error', function onError() {});
  if (!stream._handle) refuseClosed(chunk, kind);
  try {
    return (stream._handle as Engine).processSync(chunk, kind);
  } catch (error) {
    // zlib's own errors destroy the stream, too: both see them.
    if (isOfZlib(error as Error)) failStream(stream, error as Error);
    throw error;
  } finally {
    closeHandle(stream);
  }
}

function closeHandle(stream: ZlibStream): void {
  if (!stream._handle) return;
  stream._handle.close();
  stream._handle = null;
}

/** node:zlib's assertion, in its own words: a closed stream cannot be used. */
function assertOpen(): never {
  const closed = nodeZlib.createDeflate();
  closed.close();
  closed.reset();
  throw new Error('zlib binding closed');
}

/** The running Node's error for a chunk to be processed at once by a closed stream. */
function refuseClosed(chunk: ArrayBufferView, kind: number): never {
  const closed = nodeZlib.createDeflate() as unknown as ZlibStream;
  closed.close();
  closed._processChunk(chunk as Uint8Array, kind);
  throw new TypeError('zlib binding closed');
}

export function Zlib(this: ZlibStream, options: Options | undefined, mode: Mode): void {
  const checked = checkOptions(options, mode);
  this._writeState = new Uint32Array(2);
  ZlibBase.call(this, options, mode, checked);
  this._level = checked.level;
  this._strategy = checked.strategy;
  if (streamMaking().fields.has('_mode')) this._mode = mode;
}
Object.setPrototypeOf(Zlib.prototype, ZlibBase.prototype);
Object.setPrototypeOf(Zlib, ZlibBase);

(Zlib.prototype as ZlibStream).params = function params(level, strategy, callback) {
  checkParams(level, strategy);
  if (this._level === level && this._strategy === strategy) {
    nextTick(callback);
    return;
  }
  this.flush(Z_SYNC_FLUSH, () => {
    if (!this._handle) assertOpen();
    this._handle?.params(level, strategy);
    if (this.destroyed) return;
    this._level = level;
    this._strategy = strategy;
    if (callback) callback();
  });
};
