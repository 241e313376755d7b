// One-call functions without a stream: for calls of which nobody can tell the difference. All
// others, and whatever turns out not to be a plain success, go through a stream (convenience.ts).
import { AsyncResource } from 'node:async_hooks';
import { isArrayBufferView, isProxy } from 'node:util/types';
import { addon, type SessionOwner, scheduleKick } from './binding.js';
import { type ClassName, Mode, Z_FINISH, Z_MAX_WINDOWBITS, Z_NO_FLUSH } from './constants.js';
import { nextTick } from './later.js';
import { type Options, tryOptions } from './options.js';
import { nativeFormat } from './streams/native-params.js';

/** Options that a Transform does not look at and that leave no object to look at. */
const QUICK = new Set<string | symbol>([
  ...['chunkSize', 'flush', 'finishFlush', 'windowBits', 'level', 'memLevel', 'strategy'],
  'maxOutputLength',
]);

const DECOMPRESS = 1;

/** zlib's default level. */
const DEFAULT_LEVEL = 6;

/** What the addon needs to know of a call. */
interface Plan {
  /** See `StreamOf` in native/addon/one_shot.cc. */
  packed: number;
  /** Bytes. */
  maxOutputLength: number;
}

/** Data properties of a plain object: reading them tells nobody, however often it is done. */
function isPlain(options: object): boolean {
  if (isProxy(options)) return false;
  const prototype = Object.getPrototypeOf(options);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in options) {
    if (!Object.hasOwn(options, key)) return false;
  }
  return Reflect.ownKeys(options).every(
    (key) => QUICK.has(key) && !Object.getOwnPropertyDescriptor(options, key)?.get,
  );
}

function makePlan(options: Options | undefined, name: ClassName): Plan | null {
  const mode = Mode[name];
  const checked = tryOptions(options, mode);
  if (!checked) return null;
  const { windowBits, level, memLevel, strategy, maxOutputLength } = checked;
  const decompress = name === 'Unzip' || name.startsWith('Inflate') || name === 'Gunzip';
  const usual = checked.flush === Z_NO_FLUSH && checked.finishFlush === Z_FINISH;
  const window = windowBits === Z_MAX_WINDOWBITS || (decompress && windowBits === 0);
  if (!usual || !window || checked.dictionary || checked.rejectGarbageAfterEnd) return null;
  const packed =
    (decompress ? DECOMPRESS : 0) |
    (nativeFormat(mode) << 4) |
    ((level < 0 ? DEFAULT_LEVEL : Math.trunc(level)) << 8) |
    (windowBits << 12) |
    (memLevel << 16) |
    (strategy << 20);
  return { packed, maxOutputLength };
}

const usualPlans = new Map<ClassName, Plan | null>();

/** null: the call needs a stream. */
export function planFor(name: ClassName, options: unknown): Plan | null {
  if (options === undefined || options === null) {
    let plan = usualPlans.get(name);
    if (plan === undefined) {
      plan = makePlan(undefined, name);
      usualPlans.set(name, plan);
    }
    return plan;
  }
  if (typeof options !== 'object' || !isPlain(options)) return null;
  return makePlan(options, name);
}

function bytesOf(input: unknown): NodeJS.ArrayBufferView | null {
  if (typeof input === 'string') return Buffer.from(input);
  return isArrayBufferView(input) ? input : null;
}

/** The result of gzipSync() or another; undefined: use a stream. */
export function runQuickly(plan: Plan, input: unknown): Buffer | undefined {
  const bytes = bytesOf(input);
  const output = bytes ? addon.runWhole(bytes, plan.packed) : undefined;
  return output && output.byteLength <= plan.maxOutputLength ? output : undefined;
}

type Finish = (output: Buffer | undefined, inputBytes: number) => void;

/** One call of gzip() or another on its way through a worker. */
class Job extends AsyncResource implements SessionOwner {
  /** The dispatcher calls the owner of what is ready. */
  readonly owner = this;
  /** Set by the addon. */
  readonly output: Buffer | undefined = undefined;

  constructor(
    private readonly plan: Plan,
    private readonly size: number,
    private readonly finish: Finish,
  ) {
    super('ZLIB');
  }

  onNativeReady(): void {
    const { output, plan } = this;
    const usable = output && output.byteLength <= plan.maxOutputLength ? output : undefined;
    this.runInAsyncScope(nextTick, undefined, this.finish, usable, this.size);
    this.emitDestroy();
  }
}

/**
 * Starts gzip() or another. `finish` is called in a later turn with the result; undefined: use a
 * stream after all. @returns false: use a stream now
 */
export function startQuickly(plan: Plan, input: unknown, finish: Finish): boolean {
  const bytes = bytesOf(input);
  if (!bytes) return false;
  const job = new Job(plan, bytes.byteLength, finish);
  if (!addon.startWhole(job, bytes, plan.packed)) {
    job.emitDestroy();
    return false;
  }
  scheduleKick();
  return true;
}
