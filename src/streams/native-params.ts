// From Node's numbers to the native side's.
import { Format } from '../binding.js';
import { Mode } from '../constants.js';

/** zlib's default level. */
const DEFAULT_LEVEL = 6;

export function resolveLevel(level: number): number {
  return level < 0 ? DEFAULT_LEVEL : Math.trunc(level);
}

const FORMATS: Record<Mode, Format> = {
  [Mode.Deflate]: Format.Zlib,
  [Mode.Inflate]: Format.Zlib,
  [Mode.Gzip]: Format.Gzip,
  [Mode.Gunzip]: Format.Gzip,
  [Mode.DeflateRaw]: Format.Raw,
  [Mode.InflateRaw]: Format.Raw,
  [Mode.Unzip]: Format.Auto,
};

export function nativeFormat(mode: Mode): Format {
  return FORMATS[mode];
}
