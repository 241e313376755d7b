// What zlib does not have: which devices there are, what they did, and how many threads.
import { addon, type NativeDevice, type NativeStats } from './binding.js';
import type { AsyncForm, Input } from './convenience.js';
import * as forms from './forms.js';
import { checkDevice, type Options } from './options.js';

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
  /**
   * For streams whose options name no device: "auto" (the default), "hardware", or a name of
   * devices(). A named device is used whatever the level, the size and the load.
   */
  device?: string;
  /** Which hardware new streams may use, by name; "all" is the default. */
  devices?: string[] | 'all';
  /**
   * Use hardware whose doorbells other processes could ring (docs/hardware.md says what they could
   * do). Default: the environment's WARPDRIVE_ALLOW_UNSAFE_DOORBELL=1, else false.
   */
  allowUnsafeDoorbell?: boolean;
  /** Bytes from which on a stream goes to hardware. Default: "measured". */
  hardwareThreshold?: number | 'measured';
  /** Milliseconds that a device has for a request, and some more for each byte. Default: 2000. */
  deviceTimeout?: number;
}

const MAX_THREADS = 256;

function refuse(name: string, wanted: string, value: unknown): never {
  throw new RangeError(`warpdrive.configure: ${name} must be ${wanted}, not ${String(value)}`);
}

function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    refuse(name, `an integer from ${min} to ${max}`, value);
  }
}

/** What the operator should know once: the kernel has no better protection to offer. */
function warnOfDoorbell(): void {
  process.emitWarning(
    'allowUnsafeDoorbell: any process that has a queue of the same accelerator can ring the ' +
      "doorbells of this process's queues, and so stall or disturb its compression. Results are " +
      'checked, and software takes over.',
    { type: 'WarpdriveWarning', code: 'WARPDRIVE_UNSAFE_DOORBELL' },
  );
}

/**
 * The devices that can execute requests, best first. The last one is the software device. With
 * `open` a queue of each accelerator that looks usable is opened and closed again, as a stream would
 * do it: then `usable` also tells of devices that are busy, and of limits of locked memory.
 */
export function devices(options: { open?: boolean } = {}): Device[] {
  return addon.devices(options.open === true);
}

export function stats(): Stats {
  return addon.stats();
}

/**
 * Changes settings of the whole process; what is not named stays as it is. Output depends on
 * those that choose devices, since a stream's bytes depend on the kind of its device.
 * @throws RangeError if a value is none of those that the setting takes, or a device cannot be used:
 *   then it says why, and what to do. A device that an operator has mended since can be named at once
 */
export function configure(configuration: Configuration): void {
  const { threads, memoryLimit, device, devices, allowUnsafeDoorbell } = configuration;
  const { hardwareThreshold, deviceTimeout } = configuration;
  checkInteger(threads, 'threads', 1, MAX_THREADS);
  checkInteger(memoryLimit, 'memoryLimit', 0, Number.MAX_SAFE_INTEGER);
  checkInteger(deviceTimeout, 'deviceTimeout', 1, 3_600_000);
  if (hardwareThreshold !== 'measured') {
    checkInteger(hardwareThreshold, 'hardwareThreshold', 0, Number.MAX_SAFE_INTEGER);
  }
  if (device !== undefined) checkDevice(device, 'warpdrive.configure: device');
  if (devices !== undefined && devices !== 'all') {
    if (!Array.isArray(devices)) refuse('devices', '"all" or a list of names', devices);
    for (const name of devices) checkDevice(name, 'warpdrive.configure: each of devices');
  }
  if (allowUnsafeDoorbell !== undefined && typeof allowUnsafeDoorbell !== 'boolean') {
    refuse('allowUnsafeDoorbell', 'true or false', allowUnsafeDoorbell);
  }
  // What was checked: getters may say something else the next time.
  addon.configure({
    threads,
    memoryLimit,
    device,
    devices,
    allowUnsafeDoorbell,
    hardwareThreshold,
    deviceTimeout,
  });
  if (allowUnsafeDoorbell) warnOfDoorbell();
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
