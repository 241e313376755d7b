// What zlib does not have: which devices there are, what they did, and how many threads.
import { promisify } from 'node:util';

import { addon, type NativeDevice, type NativeStats } from './binding.js';
import * as forms from './forms.js';

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

/** gzip(), gunzip() and the others as functions that return promises. */
export const promises = {
  deflate: promisify(forms.deflate),
  inflate: promisify(forms.inflate),
  gzip: promisify(forms.gzip),
  gunzip: promisify(forms.gunzip),
  deflateRaw: promisify(forms.deflateRaw),
  inflateRaw: promisify(forms.inflateRaw),
  unzip: promisify(forms.unzip),
};
