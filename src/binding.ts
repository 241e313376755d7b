// The only file that loads the addon.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logDevices, publish } from './device-events.js';
import { warnOfEnvironment } from './environment.js';
import { nextTick } from './later.js';

/** Where native calls leave numbers; mirrors `Scratch` in native/addon/environment.h. */
export enum Scratch {
  Readable = 0,
  Settled = 1,
  Room = 2,
  Status = 3,
  Consumed = 4,
  Produced = 5,
  Pending = 6,
  Left = 7,
  Inside = 8,
}

/** `warpdrive::Status` (native/device/request.h). */
export enum Status {
  Ok = 0,
  OutputFull = 1,
  StreamEnd = 2,
  DataError = 3,
}

/** `warpdrive::Format`. */
export enum Format {
  Raw = 0,
  Zlib = 1,
  Gzip = 2,
  Auto = 3,
}

/** What the dispatcher calls when a session has news. */
export interface SessionOwner {
  /**
   * Calls nobody else's code, but from a tick that it asks for in the asynchronous context of its
   * own: then what that code throws keeps no other owner waiting, and whoever handles it
   * (uncaughtException, domains) is still in that context.
   */
  onNativeReady(): void;
}

interface Ready {
  /** Set by TypeScript; called back through the dispatcher. */
  owner?: SessionOwner;
}

interface Session extends Ready {
  /** Copies bytes from `offset` on; returns how many were taken. Leaves Scratch. */
  write(bytes: ArrayBufferView, offset: number): number;
  /** Leaves Scratch. */
  poll(): void;
  close(): void;
}

export interface CompressSession extends Session {
  /** False: try again after a completion. Leaves Scratch. */
  flush(kind: number): boolean;
  /** Makes the header readable if it is not yet. */
  startOutput(): void;
  /** Up to `limit` bytes of finished output. */
  read(limit: number): Buffer;
  /** Writes, flushes and waits; all finished output. Leaves Scratch; Pending = input not taken. */
  runSync(bytes: ArrayBufferView, kind: number): Buffer;
  /** `level` -1: the default. */
  setParams(level: number, strategy: number): void;
  reset(): void;
}

export interface DecompressSession extends Session {
  /**
   * Starts decompressing into `output`; `flushApart`: `kind` applies in a call of its own after
   * the input. False if that cannot start: see error().
   */
  step(output: Uint8Array, kind: number, flushApart: boolean): boolean;
  /** All output; undefined: see error(); null: it was longer than `maxOutputLength`. */
  runSync(bytes: ArrayBufferView, kind: number, maxOutputLength: number): Buffer | undefined | null;
  /** [errno, message] once the stream failed. */
  error(): [number, string] | undefined;
  /** Drops what is left of the write that the last step stopped in. False: more of it to come. */
  dropRestOfWrite(): boolean;
  /** False while a step is in flight. */
  reset(): boolean;
}

type SessionArguments = [
  format: Format,
  level: number,
  windowBits: number,
  memLevel: number,
  strategy: number,
  dictionary: ArrayBufferView | undefined,
  /** "auto", "hardware" or a device's name; undefined: as configured. */
  device: string | undefined,
];

export interface NativeDevice {
  name: string;
  /** "software", "spimdev", "uacce", "vfio-pci". */
  transport: string;
  /** Worker threads; 0 for hardware. */
  threads: number;
  codecs: string[];
  /** Whether new streams may go there, consent and configuration included. */
  usable: boolean;
  /** If not usable: why. */
  reason?: string;
  /** If not usable: what to do about it. */
  advice?: string;
  /** Hardware: the kernel's name of the queue protocol ("hisi_qm_v2"). */
  api?: string;
  generation?: string;
  /** -1: unknown. */
  numaNode?: number;
  availableQueues?: number;
  /** "sva", "mapped", "unsupported". */
  dma?: string;
  /** "private", or "shared": other processes could ring it. */
  doorbell?: string;
}

/** How much one device is trusted at the moment. */
export interface NativeQuarantine {
  state: 'healthy' | 'quarantined' | 'probing';
  /** How often it was put into quarantine. */
  count: number;
  /** The last fault, and more about it. */
  fault?: string;
  detail?: string;
  /** Milliseconds until it is tried again. */
  retryInMs: number;
}

/** What one device did for the calling thread. */
export interface NativeDeviceStats {
  name: string;
  requests: number;
  doorbells: number;
  /** Requests per doorbell, on average. */
  batch: number;
  bytesIn: number;
  bytesOut: number;
  /** Requests that it failed at. */
  failures: number;
  /** Of the whole process. */
  quarantine: NativeQuarantine;
}

/** Something that happened to a device; streams go on. */
export interface NativeEvent {
  /** `open`: a thread got a queue, since a stream was sent there. Only logged. */
  type: 'failover' | 'quarantine' | 'recovery' | 'open';
  device: string;
  fault: string;
  detail: string;
  /** failover: requests that go on in software. */
  requests: number;
  /** quarantine: milliseconds until the device is tried again. */
  retryInMs: number;
  /** open: other processes could ring the queue's doorbell; allowUnsafeDoorbell consents to that. */
  sharedDoorbell: boolean;
}

export interface NativeConfiguration {
  threads?: number;
  memoryLimit?: number;
  device?: string;
  devices?: string[] | 'all';
  allowUnsafeDoorbell?: boolean;
  hardwareThreshold?: number | 'measured';
  deviceTimeout?: number;
}

export interface NativeStats {
  requests: number;
  inlineRequests: number;
  doorbells: number;
  failovers: number;
  bytesIn: number;
  bytesOut: number;
  outstanding: number;
  poolBytesInUse: number;
  poolBytesCached: number;
  /** What V8 was told that this thread's streams hold outside of its heap. */
  bytesToldToV8: number;
  runningThreads: number;
  devices: NativeDeviceStats[];
  /**
   * How many streams (device-error: requests) went where they went for which reason, of those that
   * had a choice: "no-device", of those that asked for hardware and went to software since there is
   * none. docs/hardware.md has the others.
   */
  routing: Record<string, number>;
}

interface Addon {
  scratch: Float64Array;
  CompressSession: new (...args: SessionArguments) => CompressSession;
  /**
   * `outputUnit`: bytes per output buffer of the node:zlib stream that this stands for;
   * `oneMember`: what follows the first gzip member is left over.
   */
  DecompressSession: new (
    ...args: [...SessionArguments, outputUnit: number, oneMember: boolean]
  ) => DecompressSession;
  /**
   * A whole stream at once on this thread; undefined: this one is for a session. `packed`: see
   * native/addon/one_shot.cc.
   */
  runWhole(bytes: ArrayBufferView, packed: number): Buffer | undefined;
  /**
   * The same on a worker: the dispatcher gets `job` when it is done, with `output` set, or not set
   * if a session has to do it. False: a session has to do it.
   */
  startWhole(job: { owner: SessionOwner }, bytes: ArrayBufferView, packed: number): boolean;
  setDispatcher(dispatcher: (ready: Ready[], events?: NativeEvent[]) => void): void;
  kick(): void;
  crc32(bytes: ArrayBufferView, value: number): number;
  /** `open`: tries to get a queue of each accelerator that looks usable. */
  devices(open: boolean): NativeDevice[];
  /**
   * Why streams cannot be told to go to `name` (also "auto", "hardware"), and what to do about it;
   * undefined if they can, '' if there is no such device. Looks again at devices that could not be
   * used so far.
   */
  deviceRefusal(name: string): string | undefined;
  stats(): NativeStats;
  /** Everything is checked already. */
  configure(configuration: NativeConfiguration): void;
}

/** The package's folder, as long as this file is in its dist/: a bundler may have copied it away. */
const packageFolder = join(__dirname, '..');
const addonPath = join(packageFolder, 'build', 'Release', 'warpdrive.node');

function isBundled(): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
    return name !== 'warpdrive-zlib';
  } catch {
    return true;
  }
}

function loadAdvice(): string {
  return isBundled()
    ? `${__filename} is not in the folder of the package warpdrive-zlib, where the addon is: if a ` +
        'bundler put it there, mark warpdrive-zlib external (esbuild: --external:warpdrive-zlib).'
    : 'Build it with "npm rebuild warpdrive-zlib"; that needs a C++20 compiler, make and python3.';
}

function load(): Addon {
  try {
    return require(addonPath) as Addon;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const reason = message.split('\nRequire stack:')[0]; // of this package's own files
    throw new Error(`warpdrive-zlib could not load its native addon (${reason}). ${loadAdvice()}`, {
      cause,
    });
  }
}

export const addon = load();
export const scratch: Float64Array = addon.scratch;

addon.setDispatcher((ready, events) => {
  for (const { owner } of ready) owner?.onNativeReady();
  if (events) publish(events);
});
logDevices(() => addon.devices(false));
warnOfEnvironment(() => addon.devices(false));

let kickScheduled = false;

/**
 * Sends everything staged in this turn of the event loop with one doorbell. A tick later costs
 * nothing: the requests of other streams that are written in the same turn come along.
 */
export function scheduleKick(): void {
  if (kickScheduled) return;
  kickScheduled = true;
  nextTick(kick);
}

function kick(): void {
  kickScheduled = false;
  addon.kick();
}
