// Warnings of environment variables whose values make no sense. The addon reads them by itself
// (native/addon/machine.cc), and goes on with what is said here.
import { isMainThread } from 'node:worker_threads';
import type { NativeDevice } from './binding.js';
import { MAX_THREADS } from './limits.js';

function complainOfThreads(value: string, threads: () => number): string | undefined {
  if (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_THREADS) return undefined;
  return `is not a number from 1 to ${MAX_THREADS}; used instead: ${threads()}`;
}

function complainOfDevices(value: string): string | undefined {
  return value === 'software'
    ? undefined
    : 'is not "software", the only value there is; used instead: all devices';
}

function complainOfConsent(value: string): string | undefined {
  return ['0', '1'].includes(value)
    ? undefined
    : 'is neither 1 nor 0; used instead: 0, devices with shared doorbells stay unused';
}

/** One process warning for each of the variables whose value makes no sense. */
export function warnOfEnvironment(devices: () => NativeDevice[]): void {
  if (!isMainThread) return;
  const threads = () => devices().at(-1)?.threads ?? 0;
  const complaints = {
    WARPDRIVE_THREADS: (value: string) => complainOfThreads(value, threads),
    WARPDRIVE_DEVICES: complainOfDevices,
    WARPDRIVE_ALLOW_UNSAFE_DOORBELL: complainOfConsent,
  };
  for (const [name, complain] of Object.entries(complaints)) {
    const value = process.env[name];
    const complaint = value ? complain(value) : undefined;
    if (!complaint) continue;
    process.emitWarning(`${name}=${value} ${complaint}`, {
      type: 'WarpdriveWarning',
      code: 'WARPDRIVE_ENVIRONMENT',
    });
  }
}
