// Streams of each format, wrong or unusual in one way each.

const zlib = require('node:zlib');
const { BAD_BLOCKS } = require('./bad-blocks');
const { noise, text } = require('./data');

const plain = text(240);
const dictionary = Buffer.from('the queue of a device is rung by its doorbell');
const packed = {
  gzip: zlib.gzipSync(plain),
  zlib: zlib.deflateSync(plain),
  raw: zlib.deflateRawSync(plain),
};
const GZIP_HEADER_BYTES = 10;
const hex = (digits) => Buffer.from(digits, 'hex');

/** A copy of `bytes` with one byte XORed; negative offsets count from the end. */
function flip(bytes, offset, mask = 0xff) {
  const copy = Buffer.from(bytes);
  copy[offset < 0 ? copy.length + offset : offset] ^= mask;
  return copy;
}

/** A gzip stream with the given flags and the header fields that belong to them (RFC 1952). */
function gzipWith(flags, fields = '') {
  const header = Buffer.from(packed.gzip.subarray(0, GZIP_HEADER_BYTES));
  header[3] = flags;
  return Buffer.concat([header, hex(fields), packed.gzip.subarray(GZIP_HEADER_BYTES)]);
}

/** A gzip stream whose header carries its own checksum. */
function gzipWithHeaderCrc(correct) {
  const header = Buffer.from(packed.gzip.subarray(0, GZIP_HEADER_BYTES));
  header[3] = 0x02;
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE((zlib.crc32(header) & 0xffff) ^ (correct ? 0 : 1));
  return Buffer.concat([header, crc, packed.gzip.subarray(GZIP_HEADER_BYTES)]);
}

// What may stand around the same deflate data.
const frame = {
  gzip: (body) => Buffer.concat([packed.gzip.subarray(0, GZIP_HEADER_BYTES), body]),
  zlib: (body) => Buffer.concat([hex('789c'), body]),
  raw: (body) => body,
};

const blockCases = (format) =>
  Object.entries(BAD_BLOCKS).map(([name, [bits]]) => [
    name,
    frame[format](Buffer.concat([bits.toBuffer(), Buffer.alloc(16)])),
  ]);

const GZIP_CASES = {
  'first magic byte': flip(packed.gzip, 0),
  'second magic byte': flip(packed.gzip, 1),
  'method 7': flip(packed.gzip, 2, 0x0f),
  'method 0': flip(packed.gzip, 2, 0x08),
  'reserved flag 0x20': gzipWith(0x20),
  'reserved flag 0x40': gzipWith(0x40),
  'reserved flag 0x80': gzipWith(0x80),
  'all flags': gzipWith(0xff),
  'text flag': gzipWith(0x01),
  'extra field': gzipWith(0x04, '0300010203'),
  'empty extra field': gzipWith(0x04, '0000'),
  'extra field beyond the end': gzipWith(0x04, 'ffff'),
  name: gzipWith(0x08, '66696c6500'),
  'empty name': gzipWith(0x08, '00'),
  comment: gzipWith(0x10, '6e6f746500'),
  'extra field, name and comment': gzipWith(0x1c, '01004166696c65006e6f746500'),
  'header checksum': gzipWithHeaderCrc(true),
  'wrong header checksum': gzipWithHeaderCrc(false),
  checksum: flip(packed.gzip, -8),
  'last byte of the checksum': flip(packed.gzip, -5),
  length: flip(packed.gzip, -4),
  'last byte of the length': flip(packed.gzip, -1),
  'checksum and length': flip(flip(packed.gzip, -8), -1),
  'two members': Buffer.concat([packed.gzip, zlib.gzipSync('second')]),
  'three members, one empty': Buffer.concat([packed.gzip, zlib.gzipSync(''), packed.gzip]),
  'second member truncated': Buffer.concat([packed.gzip, packed.gzip.subarray(0, 40)]),
  'second member with a wrong checksum': Buffer.concat([packed.gzip, flip(packed.gzip, -8)]),
  'second member with a wrong method': Buffer.concat([packed.gzip, flip(packed.gzip, 2)]),
  'second member is only its first byte': Buffer.concat([packed.gzip, hex('1f')]),
  'second member is only its magic': Buffer.concat([packed.gzip, hex('1f8b')]),
  'second magic is half wrong': Buffer.concat([packed.gzip, hex('1f8c0800000000000003')]),
  'zero padding': Buffer.concat([packed.gzip, Buffer.alloc(40)]),
  'one zero': Buffer.concat([packed.gzip, Buffer.alloc(1)]),
  'zeros between members': Buffer.concat([packed.gzip, Buffer.alloc(8), packed.gzip]),
  'trailing garbage': Buffer.concat([packed.gzip, Buffer.alloc(50, 'garbage')]),
  'one byte of garbage': Buffer.concat([packed.gzip, hex('ff')]),
  'zeros, then garbage': Buffer.concat([packed.gzip, Buffer.alloc(10), Buffer.from('garbage')]),
  'garbage, then a member': Buffer.concat([packed.gzip, Buffer.from('ab'), packed.gzip]),
  'zlib data': packed.zlib,
};

const ZLIB_CASES = {
  'header check': flip(packed.zlib, 1, 0x01),
  'method 7': hex('7709'),
  'window of 64 KiB': hex('881c'),
  checksum: flip(packed.zlib, -1),
  'first byte of the checksum': flip(packed.zlib, -4),
  'two streams': Buffer.concat([packed.zlib, packed.zlib]),
  'zero padding': Buffer.concat([packed.zlib, Buffer.alloc(64)]),
  'trailing garbage': Buffer.concat([packed.zlib, Buffer.alloc(50, 'garbage')]),
  'needs a dictionary': zlib.deflateSync(plain, { dictionary }),
  'gzip data': packed.gzip,
};

const RAW_CASES = {
  'two streams': Buffer.concat([packed.raw, packed.raw]),
  'zero padding': Buffer.concat([packed.raw, Buffer.alloc(64)]),
  'trailing garbage': Buffer.concat([packed.raw, Buffer.alloc(50, 'garbage')]),
  'zlib data': packed.zlib,
  'gzip data': packed.gzip,
};

const ANY_CASES = {
  text: Buffer.from('This is not compressed at all, and long enough for every header.'),
  noise: noise(60, 5),
  zeros: Buffer.alloc(50),
  ones: Buffer.alloc(50, 0xff),
};

const casesOf = (format, special) => ({
  ...special,
  ...ANY_CASES,
  ...Object.fromEntries(blockCases(format)),
});

/** {format: {name: bytes}} */
const BAD_STREAMS = {
  gzip: casesOf('gzip', GZIP_CASES),
  zlib: casesOf('zlib', ZLIB_CASES),
  raw: casesOf('raw', RAW_CASES),
};

/** Every [decompressor's method, class, case name, bytes]; unzip gets those of both wrappers. */
function* everyCase() {
  const readers = [
    ['gunzip', 'Gunzip', BAD_STREAMS.gzip],
    ['inflate', 'Inflate', BAD_STREAMS.zlib],
    ['inflateRaw', 'InflateRaw', BAD_STREAMS.raw],
    ['unzip', 'Unzip', BAD_STREAMS.gzip],
    ['unzip', 'Unzip', BAD_STREAMS.zlib],
  ];
  for (const [method, Class, cases] of readers) {
    for (const [name, bytes] of Object.entries(cases)) yield [method, Class, name, bytes];
  }
}

module.exports = { dictionary, everyCase, flip, packed, plain };
