// From Node's numbers to the native side's.
import { Format } from '../binding.js';
import { Mode } from '../constants.js';

/** 0 to 9, or -1 for the default, which the native side keeps apart from an explicit 6. */
export function nativeLevel(level: number): number {
  return level < 0 ? -1 : Math.trunc(level);
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
