// zlib.crc32() on the fastest codec library's CRC.
import { isArrayBufferView } from 'node:util/types';
import { addon } from './binding.js';
import { nodeZlib } from './node-zlib.js';

const MAX_UINT32 = 0xffffffff;

/**
 * CRC-32 (RFC 1952 §8) of `data`, continued from `value`.
 * @throws what the running Node's zlib.crc32() throws
 */
export function crc32(data: string | NodeJS.ArrayBufferView, value = 0): number {
  const seedIsValid = Number.isInteger(value) && value >= 0 && value <= MAX_UINT32;
  if (seedIsValid && typeof data === 'string') return addon.crc32(Buffer.from(data), value);
  if (seedIsValid && isArrayBufferView(data)) return addon.crc32(data, value);
  return nodeZlib.crc32(data, value);
}
