// Files of several gzip members: what bgzip writes, and logs that were compressed piece by piece.

const fs = require('node:fs');
const { crc32, deflateRawSync, gzipSync } = require('node:zlib');

/** bgzip's input per block: what fits a member of 64 KiB even if it does not compress. */
const BGZF_BLOCK_BYTES = 0xff00;
const MEMBER_BYTES = 1 << 20;

/** A block of BGZF: a gzip member whose size is in its header (SAM specification, section 4.1). */
function bgzfBlock(data) {
  const body = deflateRawSync(data);
  const header = Buffer.from('1f8b08040000000000ff0600424302000000', 'hex');
  header.writeUInt16LE(header.length + body.length + 8 - 1, 16);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, body, trailer]);
}

const KINDS = {
  bgzip: { bytes: BGZF_BLOCK_BYTES, compress: bgzfBlock, end: bgzfBlock(Buffer.alloc(0)) },
  concatenated: { bytes: MEMBER_BYTES, compress: (data) => gzipSync(data), end: Buffer.alloc(0) },
};

/** Compresses a file into members of one of the KINDS. */
function writeMembers(source, target, kind) {
  const { bytes, compress, end } = KINDS[kind];
  const data = fs.readFileSync(source);
  const members = [];
  for (let at = 0; at < data.length; at += bytes)
    members.push(compress(data.subarray(at, at + bytes)));
  fs.writeFileSync(target, Buffer.concat([...members, end]));
}

module.exports = { KINDS: Object.keys(KINDS), writeMembers };
