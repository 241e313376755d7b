// Option checks. What is accepted is decided here; what a refusal says is asked of the running
// Node, so that name, code and message are its own whatever its version.
import * as buffer from 'node:buffer';
import { isAnyArrayBuffer, isArrayBufferView } from 'node:util/types';
import type { ZlibOptions } from 'node:zlib';
import {
  type ClassName,
  Mode,
  Z_BLOCK,
  Z_DEFAULT_CHUNK,
  Z_DEFAULT_LEVEL,
  Z_DEFAULT_MEMLEVEL,
  Z_DEFAULT_STRATEGY,
  Z_DEFAULT_WINDOWBITS,
  Z_FINISH,
  Z_FIXED,
  Z_MAX_LEVEL,
  Z_MAX_MEMLEVEL,
  Z_MAX_WINDOWBITS,
  Z_MIN_CHUNK,
  Z_MIN_LEVEL,
  Z_MIN_MEMLEVEL,
  Z_MIN_WINDOWBITS,
  Z_NO_FLUSH,
} from './constants.js';
import { nodeZlib, streamMaking } from './node-zlib.js';
import { checkDevice, checkSettings } from './settings.js';

/** All options, checked and with their defaults. */
export interface CheckedOptions {
  flush: number;
  finishFlush: number;
  /** Bytes. */
  chunkSize: number;
  /** True if the caller set chunkSize: then it is the largest chunk that is pushed. */
  chunkSizeGiven: boolean;
  windowBits: number;
  level: number;
  memLevel: number;
  strategy: number;
  dictionary: Buffer | undefined;
  /** Bytes. */
  maxOutputLength: number;
  /**
   * Only where the running Node checks it: then it holds in the synchronous forms too, and a gzip
   * stream ends with its first member. Node 22 knows it on streams only, as a field of theirs.
   */
  rejectGarbageAfterEnd: boolean;
  /** The device that the caller named. */
  device: string | undefined;
}

declare module 'node:zlib' {
  interface ZlibOptions {
    /**
     * warpdrive-zlib's, which node:zlib ignores. `device`: "auto" (the default), "hardware", or a
     * name of warpdrive.devices(), such as "software". A named device is used whatever the level,
     * the size and the load, so that the same bytes come on every run; where it cannot, software
     * does the work.
     */
    warpdrive?: { device?: string };
  }
}

export type Options = ZlibOptions & { rejectGarbageAfterEnd?: boolean };

// Taken when loaded, as node:zlib does.
const { kMaxLength } = buffer;

/** Thrown inside this file when a value is refused. */
class Refused extends Error {
  constructor(
    readonly option: string,
    readonly value: unknown,
  ) {
    super(option);
  }
}

/** An absent or NaN value is the default; anything but a finite number in range is refused. */
function ranged(
  option: string,
  value: unknown,
  min: number,
  max: number,
  fallback: number,
): number {
  if (value === undefined || Number.isNaN(value)) return fallback;
  if (typeof value !== 'number' || value < min || value > max) throw new Refused(option, value);
  return value;
}

/** undefined: the caller did not say. */
function checkChunkSize(value: unknown): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (typeof value !== 'number' || !(value >= Z_MIN_CHUNK && value <= kMaxLength)) {
    throw new Refused('chunkSize', value);
  }
  return value;
}

/** Read up to three times: node:zlib does. */
function checkWindowBits(options: Options, mode: Mode): number {
  const isAbsent = (options.windowBits ?? null) === null || options.windowBits === 0;
  const decides = mode === Mode.Inflate || mode === Mode.Gunzip || mode === Mode.Unzip;
  if (isAbsent && decides) return 0;
  const min = Z_MIN_WINDOWBITS + (mode === Mode.Gzip ? 1 : 0);
  return ranged('windowBits', options.windowBits, min, Z_MAX_WINDOWBITS, Z_DEFAULT_WINDOWBITS);
}

/** A copy: the stream opens its native session later, and the caller may change the bytes. */
function checkDictionary(value: unknown): Buffer | undefined {
  if (value === undefined) return undefined;
  const isView = isArrayBufferView(value);
  if (!isView && !isAnyArrayBuffer(value)) throw new Refused('dictionary', value);
  try {
    return Buffer.from(
      isView ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value),
    );
  } catch {
    return Buffer.alloc(0); // the memory is detached: node:zlib sees no bytes
  }
}

/** Node 24 and newer refuse a value that is no boolean. */
function checkGarbage(options: Options): void {
  if (options.rejectGarbageAfterEnd === undefined) return;
  const value: unknown = options.rejectGarbageAfterEnd;
  if (typeof value !== 'boolean') throw new Refused('rejectGarbageAfterEnd', value);
}

/** Inherits nothing: without options node:zlib reads none, whatever Object.prototype holds. */
const NONE: Options = Object.freeze(Object.create(null));

/** Reads options as often as node:zlib, and in its order: getters can tell. No object is spread: slow. */
function check(options: Options, mode: Mode): CheckedOptions {
  // Without an options object node:zlib does not ask the stream's header for the window.
  const windowBits = options === NONE ? Z_DEFAULT_WINDOWBITS : checkWindowBits(options, mode);
  const level = ranged('level', options.level, Z_MIN_LEVEL, Z_MAX_LEVEL, Z_DEFAULT_LEVEL);
  const memLevel = ranged(
    'memLevel',
    options.memLevel,
    Z_MIN_MEMLEVEL,
    Z_MAX_MEMLEVEL,
    Z_DEFAULT_MEMLEVEL,
  );
  const strategy = ranged(
    'strategy',
    options.strategy,
    Z_DEFAULT_STRATEGY,
    Z_FIXED,
    Z_DEFAULT_STRATEGY,
  );
  const dictionary = checkDictionary(options.dictionary);
  const { checksGarbage } = streamMaking();
  const rejectGarbageAfterEnd = checksGarbage && options.rejectGarbageAfterEnd === true;
  const chunkSize = checkChunkSize(options.chunkSize);
  const flush = ranged('flush', options.flush, Z_NO_FLUSH, Z_BLOCK, Z_NO_FLUSH);
  const finishFlush = ranged('finishFlush', options.finishFlush, Z_NO_FLUSH, Z_BLOCK, Z_FINISH);
  const maxOutputLength = ranged(
    'maxOutputLength',
    options.maxOutputLength,
    1,
    kMaxLength,
    kMaxLength,
  );
  if (checksGarbage) checkGarbage(options);
  return {
    flush,
    finishFlush,
    chunkSize: chunkSize ?? Z_DEFAULT_CHUNK,
    chunkSizeGiven: chunkSize !== undefined,
    windowBits,
    level,
    memLevel,
    strategy,
    dictionary,
    maxOutputLength,
    rejectGarbageAfterEnd,
    device: namedDevice(options),
  };
}

const WARPDRIVE_OPTIONS = ['device'];

function namedDevice(options: Options): string | undefined {
  const { warpdrive } = options;
  if (warpdrive === undefined || warpdrive === null) return undefined;
  checkSettings(warpdrive, 'options.warpdrive', WARPDRIVE_OPTIONS);
  const { device } = warpdrive;
  if (device !== undefined) checkDevice(device, 'options.warpdrive.device');
  return device;
}

/**
 * Checks the options of a stream.
 * @throws what the running Node throws for them
 */
export function checkOptions(options: Options | undefined, mode: Mode): CheckedOptions {
  try {
    return check(options || NONE, mode);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // a getter of the caller's threw
    const name = Mode[mode] as ClassName;
    new nodeZlib[name]({ [error.option]: error.value }).close();
    throw new TypeError(
      `node:zlib accepts options for ${name} that warpdrive-zlib refuses. This is a bug in warpdrive-zlib.`,
      { cause: error },
    );
  }
}

/** As checkOptions(), but null where that throws. `options` hold data only. */
export function tryOptions(options: Options | undefined, mode: Mode): CheckedOptions | null {
  try {
    return check(options ?? NONE, mode);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/**
 * Checks the arguments of params().
 * @throws what the running Node's params() throws
 */
export function checkParams(level: unknown, strategy: unknown): void {
  try {
    ranged('level', level, Z_MIN_LEVEL, Z_MAX_LEVEL, 0);
    ranged('strategy', strategy, Z_DEFAULT_STRATEGY, Z_FIXED, 0);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const stream = nodeZlib.createDeflate();
    try {
      stream.params(level as number, strategy as number, () => {});
    } finally {
      stream.close();
    }
  }
}
