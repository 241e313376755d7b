// The running Node's constants, and the few that this package refers to by name.
import { nodeZlib } from './node-zlib.js';

export const { constants } = nodeZlib;

export const {
  Z_NO_FLUSH,
  Z_PARTIAL_FLUSH,
  Z_SYNC_FLUSH,
  Z_FULL_FLUSH,
  Z_FINISH,
  Z_BLOCK,
  Z_MIN_CHUNK,
  Z_DEFAULT_CHUNK,
  Z_MIN_WINDOWBITS,
  Z_MAX_WINDOWBITS,
  Z_DEFAULT_WINDOWBITS,
  Z_MIN_LEVEL,
  Z_MAX_LEVEL,
  Z_DEFAULT_LEVEL,
  Z_MIN_MEMLEVEL,
  Z_MAX_MEMLEVEL,
  Z_DEFAULT_MEMLEVEL,
  Z_DEFAULT_STRATEGY,
  Z_FIXED,
  Z_BUF_ERROR,
  Z_MEM_ERROR,
  Z_STREAM_ERROR,
} = constants;

/** node_zlib_mode: what a stream does. Values as in Node, where `_processChunk` users see them. */
export enum Mode {
  Deflate = 1,
  Inflate = 2,
  Gzip = 3,
  Gunzip = 4,
  DeflateRaw = 5,
  InflateRaw = 6,
  Unzip = 7,
}

export type ClassName =
  | 'Deflate'
  | 'Inflate'
  | 'Gzip'
  | 'Gunzip'
  | 'DeflateRaw'
  | 'InflateRaw'
  | 'Unzip';
