import * as zlib from '../index.js';
import type { Input } from './input.js';

/** First write to a codec; each further one is twice as long. A small member needs no more. */
const FIRST_WRITE = 32 * 1024;
/** Input bytes kept for the case that a decoder does not use them; above that, it is waited for. */
const CHECK_INTERVAL = 8 * 1024 * 1024;

/** A stream that says how much of its input it has used. */
export type Codec = ReturnType<typeof zlib.createGzip | typeof zlib.createInflateRaw>;

/** Resolves when `codec` takes more, or never will. */
function writable(codec: Codec): Promise<void> {
  return new Promise((resolve) => {
    const settled = () => {
      codec.off('drain', settled).off('close', settled);
      resolve();
    };
    codec.on('drain', settled).on('close', settled);
  });
}

/** Resolves when `codec` has used what was written to it, as far as it ever will. */
function processed(codec: Codec): Promise<void> {
  return new Promise((resolve) => {
    const settled = () => {
      codec.off('close', settled);
      resolve();
    };
    codec.on('close', settled).flush(zlib.constants.Z_SYNC_FLUSH, settled);
  });
}

/** What has been written to a codec and may not have been used by it yet. */
export class Given {
  readonly #codec: Codec;
  #chunks: Buffer[] = [];
  #start = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Forgets what has been used; the rest. */
  unused(): Buffer[] {
    const used = this.#codec.bytesWritten;
    for (let first = this.#chunks[0]; first && this.#start < used; first = this.#chunks[0]) {
      const part = Math.min(first.length, used - this.#start);
      this.#start += part;
      if (part < first.length) this.#chunks[0] = first.subarray(part);
      else this.#chunks.shift();
    }
    return this.#chunks;
  }
}

/** Writes `input` to `codec` until one of them ends; notes in `given` what, if that is wanted. */
async function feed(input: Input, codec: Codec, given: Given | undefined): Promise<void> {
  let sinceCheck = 0;
  for (let limit = FIRST_WRITE; !codec.destroyed; limit *= 2) {
    await input.ready();
    // Ended meanwhile: what has come is for whoever reads on.
    if (codec.destroyed) return;
    const chunk = input.shift(limit);
    if (!chunk) {
      codec.end();
      return;
    }
    given?.add(chunk);
    if (!codec.write(chunk)) await writable(codec);
    sinceCheck += chunk.length;
    if (given && sinceCheck >= CHECK_INTERVAL && !codec.destroyed) {
      // While requests are in flight, bytesWritten may count what will turn out not to be used.
      await processed(codec);
      given.unused();
      sinceCheck = 0;
    }
  }
}

/**
 * Sends `input` through `codec` to `consume`. Other than pipeline(), it leaves in `input` what
 * the codec has not used of what `given` notes, and it waits for nothing once `consume` is done or
 * has failed, even if `input` is a pipe on which nothing comes.
 */
export async function through(
  input: Input,
  codec: Codec,
  consume: (result: AsyncIterable<Buffer>) => Promise<void>,
  given?: Given,
): Promise<void> {
  // After the end of `codec` a read error is that of the next read, too.
  feed(input, codec, given).catch((error: Error) => codec.destroy(error));
  try {
    await consume(codec);
  } finally {
    codec.destroy();
  }
  if (given) input.unread(given.unused());
}
