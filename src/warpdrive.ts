// What zlib does not have: which devices there are, what they did, and how many threads.
import { addon, type NativeDevice, type NativeStats } from './binding.js';
import type { AsyncForm, Input } from './convenience.js';
import * as forms from './forms.js';
import type { Options } from './options.js';

/** Something that executes compression requests. */
export type Device = NativeDevice;

/** What the calling thread's streams and functions did so far, and what memory is held. */
export type Stats = NativeStats;

export interface Configuration {
  /** Worker threads of the software device, 1 to 256. Default: os.availableParallelism(). */
  threads?: number;
  /**
   * Bytes of requests in flight, over the whole process, above which streams are made to wait.
   * Default: 256 MiB. A stream with nothing in flight is always served.
   */
  memoryLimit?: number;
}

const MAX_THREADS = 256;

function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new RangeError(
      `warpdrive.configure: ${name} must be an integer from ${min} to ${max}, not ${String(value)}`,
    );
  }
}

/** The devices that can execute requests, best first. The last one is the software device. */
export function devices(): Device[] {
  return addon.devices();
}

export function stats(): Stats {
  return addon.stats();
}

/**
 * Changes settings of the whole process; what is not named stays as it is. Output does not depend
 * on any of them.
 * @throws RangeError if a value is no integer in its range
 */
export function configure(configuration: Configuration): void {
  const { threads, memoryLimit } = configuration;
  checkInteger(threads, 'threads', 1, MAX_THREADS);
  checkInteger(memoryLimit, 'memoryLimit', 0, Number.MAX_SAFE_INTEGER);
  addon.configure(threads, memoryLimit);
}

/** A one-call function that returns a promise; with `info` as zlib's own functions have it. */
export interface PromiseForm {
  (input: Input, options?: Options & { info?: false }): Promise<Buffer>;
  (input: Input, options: Options & { info: true }): Promise<{ buffer: Buffer; engine: unknown }>;
}

function promiseForm(form: AsyncForm): PromiseForm {
  const run = (input: Input, options: Options = {}) =>
    new Promise((resolve, reject) => {
      form(input, options, (error, result) => (error ? reject(error) : resolve(result)));
    });
  return run as PromiseForm;
}

/** gzip(), gunzip() and the others as functions that return promises. */
export const promises = {
  deflate: promiseForm(forms.deflate),
  inflate: promiseForm(forms.inflate),
  gzip: promiseForm(forms.gzip),
  gunzip: promiseForm(forms.gunzip),
  deflateRaw: promiseForm(forms.deflateRaw),
  inflateRaw: promiseForm(forms.inflateRaw),
  unzip: promiseForm(forms.unzip),
};
