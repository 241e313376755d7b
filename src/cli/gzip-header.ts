// The member header of RFC 1952, section 2.3.

const ID1 = 0x1f;
const ID2 = 0x8b;
const DEFLATE = 8;
const FHCRC = 0x02;
const FEXTRA = 0x04;
const FNAME = 0x08;
const FCOMMENT = 0x10;
/** Bit 5 marked encrypted files in early gzip; RFC 1952 reserves it with bits 6 and 7. */
const FENCRYPTED = 0x20;
const FRESERVED = 0xc0;
const OS_UNIX = 3;

/** Length of a header without optional fields; what createGzip() writes. */
export const FIXED_HEADER = 10;
/** CRC-32 and ISIZE. */
export const TRAILER = 8;
/** Longest header read: FEXTRA's largest plus names far beyond what a file system takes. */
export const MAX_HEADER = 128 * 1024;

export interface GzipHeader {
  /** Bytes from ID1 up to the compressed data. */
  length: number;
  /** Original name exactly as stored, without the terminating zero. */
  rawName: Buffer | undefined;
  /** Seconds since 1970; 0 if not recorded. */
  mtime: number;
}

export type ParsedHeader =
  | { kind: 'header'; header: GzipHeader }
  /** The input ends, or `bytes` does, before the header does. */
  | { kind: 'incomplete' }
  | { kind: 'not-gzip' }
  | { kind: 'unsupported'; reason: string };

/** End of the zero-terminated field at `start`, behind its zero; -1 if it is not all there. */
function afterString(bytes: Buffer, start: number): number {
  const zero = bytes.indexOf(0, start);
  return start > bytes.length || zero === -1 ? -1 : zero + 1;
}

function parseOptionalFields(bytes: Buffer, flags: number, mtime: number): ParsedHeader {
  let at = FIXED_HEADER;
  if (flags & FEXTRA) {
    if (bytes.length < at + 2) return { kind: 'incomplete' };
    at += 2 + bytes.readUInt16LE(at);
  }
  let rawName: Buffer | undefined;
  if (flags & FNAME) {
    const end = afterString(bytes, at);
    if (end === -1) return { kind: 'incomplete' };
    rawName = bytes.subarray(at, end - 1);
    at = end;
  }
  if (flags & FCOMMENT) {
    at = afterString(bytes, at);
    if (at === -1) return { kind: 'incomplete' };
  }
  if (flags & FHCRC) at += 2;
  if (at > bytes.length) return { kind: 'incomplete' };
  return { kind: 'header', header: { length: at, rawName, mtime } };
}

/** Reads the header at the start of `bytes`, which may be any bytes at all. */
export function parseHeader(bytes: Buffer): ParsedHeader {
  if (bytes.length < 2) return { kind: 'incomplete' };
  if (bytes[0] !== ID1 || bytes[1] !== ID2) return { kind: 'not-gzip' };
  if (bytes.length < FIXED_HEADER) return { kind: 'incomplete' };
  const method = bytes.readUInt8(2);
  const flags = bytes.readUInt8(3);
  if (method !== DEFLATE) {
    return { kind: 'unsupported', reason: `unknown method ${method} -- not supported` };
  }
  if (flags & FENCRYPTED) return { kind: 'unsupported', reason: 'is encrypted -- not supported' };
  if (flags & FRESERVED) {
    return { kind: 'unsupported', reason: `has flags 0x${flags.toString(16)} -- not supported` };
  }
  return parseOptionalFields(bytes, flags, bytes.readUInt32LE(4));
}

/** RFC 1952 names are ISO 8859-1, but gzip stores bytes as they are: UTF-8 on today's systems. */
export function decodeName(raw: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return raw.toString('latin1');
  }
}

/** FNAME's bytes, or undefined for a name that would not come back from them as it was. */
export function encodeName(name: string): Buffer | undefined {
  const raw = Buffer.from(name, 'latin1');
  const faithful = name !== '' && !name.includes('\0') && decodeName(raw) === name;
  return faithful ? raw : undefined;
}

/**
 * The file name in a stored name: its last path component, so that an archive cannot choose
 * the folder. undefined if nothing usable is left.
 */
export function safeName(raw: Buffer): string | undefined {
  const name = decodeName(raw).split('/').pop() ?? '';
  const usable = name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) <= 255;
  return usable ? name : undefined;
}

export interface HeaderFields {
  /** Base name of the file; left out if FNAME cannot hold it. */
  name?: string | undefined;
  /** Seconds since 1970, 1 to 2^32-1; 0 if unknown. */
  mtime: number;
  /** 1 to 9. */
  level: number;
}

/** A complete member header for compressed data made at `level`. */
export function buildHeader({ name, mtime, level }: HeaderFields): Buffer {
  const raw = name === undefined ? undefined : encodeName(name);
  const fixed = Buffer.alloc(FIXED_HEADER);
  fixed.set([ID1, ID2, DEFLATE, raw ? FNAME : 0]);
  fixed.writeUInt32LE(mtime, 4);
  fixed[8] = level === 9 ? 2 : level === 1 ? 4 : 0;
  fixed[9] = OS_UNIX;
  return raw ? Buffer.concat([fixed, raw, Buffer.of(0)]) : fixed;
}

/**
 * Passes one gzip member on with `header` in place of its own, which must be the fixed one of
 * createGzip().
 */
export async function* replaceHeader(
  member: AsyncIterable<Buffer>,
  header: Buffer,
): AsyncGenerator<Buffer> {
  let original = Buffer.alloc(0);
  for await (const chunk of member) {
    if (original.length === FIXED_HEADER) {
      yield chunk;
      continue;
    }
    const missing = FIXED_HEADER - original.length;
    original = Buffer.concat([original, chunk.subarray(0, missing)]);
    if (original.length < FIXED_HEADER) continue;
    if (original[0] !== ID1 || original[1] !== ID2 || original[3] !== 0) {
      throw new Error('internal error: unexpected gzip header');
    }
    yield header;
    if (chunk.length > missing) yield chunk.subarray(missing);
  }
  if (original.length < FIXED_HEADER) throw new Error('internal error: short gzip member');
}
