// Checks of what zlib does not have: configure()'s settings, devices()'s and streams' options.
import { addon } from './binding.js';
import { invalidArgType, invalidArgValue, outOfRange } from './errors.js';

/**
 * @param name what the value is, for the error
 * @throws TypeError, or RangeError for a property that is not among `keys`: somebody's typing error
 */
export function checkSettings(value: unknown, name: string, keys: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgType(name, 'object', value);
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const known =
      keys.length > 1 ? `the properties are ${keys.join(', ')}` : `there is only ${keys}`;
    throw invalidArgValue(`${name}.${key}`, (value as never)[key], `is not known: ${known}`);
  }
}

export function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalidArgType(name, 'boolean', value);
  }
}

/** Absent, or an integer from `min` to `max`. */
export function checkInteger(value: unknown, name: string, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} and <= ${max}`, value);
}

/**
 * Checks a value that names a device.
 * @param name what the value is, for the error
 * @throws TypeError, or RangeError if there is no such device, or if it cannot be used: why, and what to do
 */
export function checkDevice(device: unknown, name: string): asserts device is string {
  if (typeof device !== 'string') throw invalidArgType(name, 'string', device);
  const refusal = addon.deviceRefusal(device);
  if (refusal === undefined) return;
  if (refusal) throw invalidArgValue(name, device, `names what cannot be used: ${refusal}`);
  const there = addon.devices(false).map((one) => `"${one.name}"`);
  const wanted = `"auto", "hardware" or the name of a device, of which there are ${there.join(', ')}`;
  throw invalidArgValue(name, device, `must be ${wanted}`);
}
