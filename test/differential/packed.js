// Right streams to damage: small ones made for each case, large ones made once and used often.

const { node, zlib } = require('../support/subject');
const { FORMATS } = require('../support/formats');
const { codingOptions } = require('./options');
const { plainOf } = require('./plain');
const { choices } = require('./random');
const { structuresOf } = require('./structures');

/** Large streams of each format. */
const LARGE_STREAMS = 20;
const LARGE_SALT = 77;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const GZIP_HEADER_BYTES = 10;

/** The member with random optional header fields (RFC 1952 §2.3). */
function withHeaderFields(random, member) {
  const flags = random.below(32);
  const fields = [member.subarray(0, 3), Buffer.from([flags]), member.subarray(4, 10)];
  if (flags & FEXTRA) {
    const extra = Buffer.alloc(random.upTo(3000), 'x');
    const size = Buffer.alloc(2);
    size.writeUInt16LE(extra.length);
    fields.push(size, extra);
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if (flags & flag) fields.push(Buffer.alloc(random.upTo(300), 'name'), Buffer.alloc(1));
  }
  if (flags & FHCRC) {
    const crc = Buffer.alloc(2);
    crc.writeUInt16LE(crc32(Buffer.concat(fields)) & 0xffff);
    fields.push(crc);
  }
  return Buffer.concat([...fields, member.subarray(GZIP_HEADER_BYTES)]);
}

/** CRC-32 out of a gzip trailer: zlib.crc32() is not in every Node. */
function crc32(bytes) {
  const member = node.gzipSync(bytes);
  return member.readUInt32LE(member.length - 8);
}

/** Compressed bytes with flush points in them, so that there are empty stored blocks. */
function packFlushed(random, side, format, plain, options) {
  const stream = new side[format.Compressor](options);
  // After a full flush nothing refers to what came before it.
  const kinds = random.chance(50) ? [1, 2, 3] : [3];
  const parts = [];
  let offset = 0;
  while (offset < plain.length && parts.length < 12) {
    const size = 1 + random.below(plain.length - offset);
    parts.push(driven(stream, plain.subarray(offset, offset + size), random.pick(kinds)));
    offset += size;
  }
  parts.push(driven(stream, plain.subarray(offset), 4));
  stream.close();
  return Buffer.concat(parts);
}

/** One chunk through the handle of a stream of node:zlib, which stays usable after it. */
function driven(stream, chunk, kind) {
  const parts = [];
  let offset = 0;
  let [space, left] = [0, chunk.length];
  while (space === 0) {
    const output = Buffer.alloc(16384);
    stream._handle.writeSync(kind, chunk, offset, left, output, 0, output.length);
    const before = left;
    [space, left] = stream._writeState;
    offset += before - left;
    parts.push(output.subarray(0, output.length - space));
  }
  return Buffer.concat(parts);
}

function packMember(random, side, format, plain, options) {
  if (side === node && random.chance(plain.length > 100_000 ? 35 : 15))
    return packFlushed(random, side, format, plain, options);
  return side[`${format.compress}Sync`](plain, { ...options });
}

/**
 * A stream of one or more members: {format, bytes, parts, plainSize, options}; `parts` as
 * structuresOf() gives, `options` those it was made with.
 */
function pack(random, seed, format, sizes) {
  const members = [];
  let plainSize = 0;
  let options = {};
  for (const size of sizes) {
    const plain = plainOf(random, seed, size);
    options = codingOptions(random, plain.bytes, { small: size < 100_000 });
    if (format.name === 'gzip' && options.windowBits === 8) options.windowBits = 9;
    const side = random.chance(60) ? node : zlib;
    const member = packMember(random, side, format, plain.bytes, options);
    const fields = format.name === 'gzip' && random.chance(35);
    members.push(fields ? withHeaderFields(random, member) : member);
    plainSize += size;
  }
  const bytes = Buffer.concat(members);
  return { format, bytes, parts: structuresOf(bytes, format.name), plainSize, options };
}

/** A stream of up to 60,000 bytes. */
function smallStream(random, seed) {
  const format = random.pick(FORMATS);
  const count = format.name === 'gzip' && random.chance(30) ? random.between(2, 4) : 1;
  const sizes = Array.from({ length: count }, () =>
    random.chance(75) ? random.upTo(3000) : random.below(60_000 / count),
  );
  return pack(random, seed, format, sizes);
}

const large = new Map();

/** A stream of 150 KB to 3 MB, long enough to leave zlib's path. */
function largeStream(random, seed) {
  const format = random.pick(FORMATS);
  const number = random.below(LARGE_STREAMS);
  const key = `${format.name} ${number} ${seed}`;
  if (!large.has(key)) {
    const own = choices(seed, LARGE_SALT, number);
    const sizes = [
      own.chance(30) ? own.between(600_000, 1_500_000) : own.between(150_000, 500_000),
    ];
    // As bgzip and rotated logs make them: such members are decoded ahead of the stream.
    if (format.name === 'gzip' && own.chance(40)) {
      sizes.length = 0;
      const most = own.pick([65_280, 65_280, 200_000]);
      const count = Math.ceil(1_200_000 / most);
      while (sizes.length < count) sizes.push(own.chance(70) ? most : own.below(most));
    }
    while (format.name === 'gzip' && sizes.length < 4 && own.chance(55)) {
      sizes.push(own.chance(40) ? own.below(5000) : own.between(80_000, 400_000));
    }
    large.set(key, pack(own, seed, format, sizes));
  }
  return large.get(key);
}

module.exports = { largeStream, smallStream };
