import * as zlib from '../index.js';
import {
  type GzipHeader,
  MAX_HEADER,
  type ParsedHeader,
  parseHeader,
  replaceHeader,
  TRAILER,
} from './gzip-header.js';
import type { Input } from './input.js';
import { FileError } from './messages.js';
import type { Sink } from './output.js';
import { type Codec, Given, through } from './pump.js';

/** Bytes per output chunk of the streams; also what they may hold ready. */
const CHUNK_SIZE = 256 * 1024;
const BUFFERS = { chunkSize: CHUNK_SIZE, highWaterMark: 4 * CHUNK_SIZE };
/** Members are short below this many bytes, compressed and not. */
const SHORT_MEMBER = 128 * 1024;

/** What follows the last gzip member: nothing, only zero bytes (padding), or something else. */
export type Trailing = 'nothing' | 'zeros' | 'garbage';

/** Compresses `input` to one member that starts with `header`. */
export async function compress(
  input: Input,
  sink: Sink,
  { level, header }: { level: number; header: Buffer },
): Promise<void> {
  const encoder = zlib.createGzip({ level, ...BUFFERS });
  await through(input, encoder, (member) => sink.drain(replaceHeader(member, header)));
}

/** The bytes to come and what they are as a member's header. */
export async function peekHeader(input: Input): Promise<{ head: Buffer; parsed: ParsedHeader }> {
  const head = await input.peek(
    (bytes) => bytes.length >= MAX_HEADER || parseHeader(bytes).kind !== 'incomplete',
  );
  return { head, parsed: parseHeader(head) };
}

/** Checks what a member decodes to against its trailer (RFC 1952, section 2.3.1). */
class Checksum {
  #crc = 0;
  #length = 0;

  add(chunk: Buffer): void {
    this.#crc = zlib.crc32(chunk, this.#crc);
    this.#length = (this.#length + chunk.length) % 2 ** 32;
  }

  /** Reads the trailer, returns its CRC. Throws FileError if it is not there or does not fit. */
  async verify(input: Input): Promise<number> {
    const trailer = await input.take(TRAILER);
    if (trailer.length < TRAILER) throw new FileError(input.name, 'unexpected end of file');
    const damage = (what: string) => new FileError(input.name, `invalid compressed data--${what}`);
    if (trailer.readUInt32LE(0) !== this.#crc) throw damage('crc error');
    if (trailer.readUInt32LE(4) !== this.#length) throw damage('length error');
    return this.#crc;
  }
}

/** The deflate stream at the start of `bytes`, if it ends there and is short, and its length. */
function inflateShort(bytes: Buffer): { plain: Buffer; used: number } | undefined {
  try {
    const options = { info: true, maxOutputLength: SHORT_MEMBER };
    const result: unknown = zlib.inflateRawSync(bytes.subarray(0, SHORT_MEMBER), options);
    const { buffer, engine } = result as { buffer: Buffer; engine: Codec };
    return { plain: buffer, used: engine.bytesWritten };
  } catch {
    // Longer, incomplete, or damaged: the stream will tell.
    return undefined;
  }
}

/** Decodes one member, returns its CRC; `isLikelyShort` if it is worth while to try without a stream first. */
async function decompressMember(
  input: Input,
  header: GzipHeader,
  sink: Sink,
  isLikelyShort: boolean,
): Promise<number> {
  const checksum = new Checksum();
  await input.take(header.length);
  const short = isLikelyShort ? inflateShort(await input.peek(() => true)) : undefined;
  if (short) {
    await input.take(short.used);
    checksum.add(short.plain);
    const crc = await checksum.verify(input);
    await sink.write(short.plain);
    return crc;
  }
  async function* checked(result: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of result) {
      checksum.add(chunk);
      yield chunk;
    }
  }
  const decoder = zlib.createInflateRaw(BUFFERS);
  const given = new Given(decoder);
  await through(input, decoder, (result) => sink.drain(checked(result)), given);
  return checksum.verify(input);
}

/** Whether nothing but zero bytes is left of `input`, which this reads. */
async function isZeros(input: Input): Promise<boolean> {
  for await (const chunk of input.chunks()) {
    if (!chunk.equals(Buffer.alloc(chunk.length))) return false;
  }
  return true;
}

/**
 * Decompresses all gzip members of `input` and checks their trailers. Member by member, not with
 * createGunzip(): to that, what follows the last member is an error that takes along output of
 * the member before, where gzip(1) warns. `noteCrc` gets the CRC of each member. Throws FileError,
 * and the streams' and the sink's errors.
 */
export async function decompress(
  input: Input,
  sink: Sink,
  noteCrc = (_crc: number) => {},
): Promise<Trailing> {
  let start = 0;
  for (let count = 0; ; count++) {
    const { head, parsed } = await peekHeader(input);
    if (parsed.kind === 'header') {
      // A stream costs more than a short member, and those come in thousands, as in BGZF files.
      const isLikelyShort = count > 0 && input.bytesRead - start < SHORT_MEMBER;
      start = input.bytesRead;
      noteCrc(await decompressMember(input, parsed.header, sink, isLikelyShort));
    } else if (count > 0 && head.length === 0) return 'nothing';
    else if (count > 0 && head[0] === 0) return (await isZeros(input)) ? 'zeros' : 'garbage';
    else if (count > 0 && parsed.kind === 'not-gzip') return 'garbage';
    else throw new FileError(input.name, describeHeader(parsed));
  }
}

/** Why there is no member where one should be. */
export function describeHeader(parsed: Exclude<ParsedHeader, { kind: 'header' }>): string {
  if (parsed.kind === 'unsupported') return parsed.reason;
  return parsed.kind === 'incomplete' ? 'unexpected end of file' : 'not in gzip format';
}

/** gzip's words for what the streams say about damaged input; undefined for other errors. */
export function describeDecoderError(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return 'unexpected end of file';
  return code === 'Z_DATA_ERROR' ? 'invalid compressed data--format violated' : undefined;
}
