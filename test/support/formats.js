// The three formats and what zlib calls their functions and classes.

const FORMATS = [
  {
    name: 'gzip',
    compress: 'gzip',
    decompress: 'gunzip',
    Compressor: 'Gzip',
    Decompressor: 'Gunzip',
  },
  {
    name: 'zlib',
    compress: 'deflate',
    decompress: 'inflate',
    Compressor: 'Deflate',
    Decompressor: 'Inflate',
  },
  {
    name: 'raw',
    compress: 'deflateRaw',
    decompress: 'inflateRaw',
    Compressor: 'DeflateRaw',
    Decompressor: 'InflateRaw',
  },
];

const [GZIP, ZLIB, RAW] = FORMATS;

/** Names of the seven classes that are accelerated. */
const CLASSES = ['Deflate', 'Inflate', 'Gzip', 'Gunzip', 'DeflateRaw', 'InflateRaw', 'Unzip'];
const COMPRESSORS = FORMATS.map((format) => format.Compressor);
const DECOMPRESSORS = [...FORMATS.map((format) => format.Decompressor), 'Unzip'];

/** Names of the one-shot functions; with 'Sync' behind it each has its synchronous form. */
const METHODS = ['deflate', 'inflate', 'gzip', 'gunzip', 'deflateRaw', 'inflateRaw', 'unzip'];

const LEVELS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Flush kinds by value. */
const FLUSHES = {
  Z_NO_FLUSH: 0,
  Z_PARTIAL_FLUSH: 1,
  Z_SYNC_FLUSH: 2,
  Z_FULL_FLUSH: 3,
  Z_FINISH: 4,
  Z_BLOCK: 5,
};

module.exports = {
  FORMATS,
  GZIP,
  ZLIB,
  RAW,
  CLASSES,
  COMPRESSORS,
  DECOMPRESSORS,
  METHODS,
  LEVELS,
  FLUSHES,
};
