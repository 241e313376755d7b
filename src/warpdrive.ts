// What zlib does not have: which devices there are, what they did, and how many threads.
import { addon, type NativeDevice, type NativeStats } from './binding.js';
import { invalidArgType, invalidArgValue } from './errors.js';
import * as forms from './forms.js';
import { MAX_THREADS } from './limits.js';
import { promiseForms } from './promises.js';
import { checkBoolean, checkDevice, checkInteger, checkSettings } from './settings.js';

export type { PromiseForm } from './promises.js';

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

const SETTINGS: readonly (keyof Configuration)[] = [
  ...(['threads', 'memoryLimit', 'device', 'devices', 'allowUnsafeDoorbell'] as const),
  ...(['hardwareThreshold', 'deviceTimeout'] as const),
];

function checkDevices(devices: unknown): void {
  const name = 'configuration.devices';
  if (devices === undefined || devices === 'all') return;
  if (typeof devices === 'string') {
    throw invalidArgValue(name, devices, 'must be "all" or an array of names');
  }
  if (!Array.isArray(devices)) throw invalidArgType(name, 'string or Array', devices);
  for (const [i, device] of devices.entries()) checkDevice(device, `${name}[${i}]`);
}

function checkThreshold(threshold: unknown): void {
  const name = 'configuration.hardwareThreshold';
  if (threshold === 'measured') return;
  if (typeof threshold === 'string') {
    throw invalidArgValue(name, threshold, 'must be "measured" or a number of bytes');
  }
  checkInteger(threshold, name, 0, Number.MAX_SAFE_INTEGER);
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
  checkSettings(options, 'options', ['open']);
  const { open } = options;
  checkBoolean(open, 'options.open');
  return addon.devices(open === true);
}

export function stats(): Stats {
  return addon.stats();
}

/**
 * Changes settings of the whole process; what is not named stays as it is. Output depends on
 * those that choose devices, since a stream's bytes depend on the kind of its device.
 * @throws TypeError (ERR_INVALID_ARG_TYPE), or RangeError (ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE) if
 *   a setting is not known, a value is none of those that it takes, or a device cannot be used: then
 *   it says why, and what to do. A device that an operator has mended since can be named at once
 */
export function configure(configuration: Configuration): void {
  checkSettings(configuration, 'configuration', SETTINGS);
  const { threads, memoryLimit, device, allowUnsafeDoorbell } = configuration;
  const { hardwareThreshold, deviceTimeout, devices: given } = configuration;
  const devices = Array.isArray(given) ? [...given] : given;
  checkInteger(threads, 'configuration.threads', 1, MAX_THREADS);
  checkInteger(memoryLimit, 'configuration.memoryLimit', 0, Number.MAX_SAFE_INTEGER);
  checkInteger(deviceTimeout, 'configuration.deviceTimeout', 1, 3_600_000);
  checkThreshold(hardwareThreshold);
  if (device !== undefined) checkDevice(device, 'configuration.device');
  checkDevices(devices);
  checkBoolean(allowUnsafeDoorbell, 'configuration.allowUnsafeDoorbell');
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

/** gzip(), gunzip() and the others as functions that return promises. */
export const promises = promiseForms(forms);
