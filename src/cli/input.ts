import { once } from 'node:events';
import * as fs from 'node:fs';
import { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';

const open = promisify(fs.open);

/** Large enough that system calls and events do not count. */
const READ_SIZE = 512 * 1024;

/** createReadStream() would close the file with each stream over it; Input.close() does that. */
const reading = {
  open: fs.open,
  read: fs.read,
  close: (_fd: number, done: (error?: null) => void) => done(null),
};

/** Something to read: an opened file or stdin. Reading starts with the first peek or chunk. */
export class Input {
  /** undefined for stdin. */
  readonly path: string | undefined;
  readonly stat: fs.BigIntStats;
  /** Bytes that have been read for good. */
  bytesRead = 0;
  readonly #fd: number;
  #stream: Readable | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #reading: Promise<boolean> | undefined;
  /** Read ahead, none of them empty. */
  #pending: Buffer[] = [];

  constructor(path: string | undefined, fd: number) {
    this.path = path;
    this.stat = fs.fstatSync(fd, { bigint: true });
    this.#fd = fd;
  }

  /** What messages call it. */
  get name(): string {
    return this.path ?? 'stdin';
  }

  /** Size of a file. */
  get size(): number | undefined {
    return this.stat.isFile() ? Number(this.stat.size) : undefined;
  }

  /** Whether the file is another one than when it was opened, as far as its inode tells. */
  hasChanged(): boolean {
    const now = fs.fstatSync(this.#fd, { bigint: true });
    return now.size !== this.stat.size || now.mtimeNs !== this.stat.mtimeNs;
  }

  /** The first bytes to come, until `isEnough` says so or the input ends; they stay to be read. */
  async peek(isEnough: (head: Buffer) => boolean): Promise<Buffer> {
    for (;;) {
      const [first = Buffer.alloc(0), ...more] = this.#pending;
      const head = more.length > 0 ? Buffer.concat(this.#pending) : first;
      if (head.length > 0) this.#pending = [head];
      if (isEnough(head) || !(await this.#more())) return head;
    }
  }

  /** Resolves when shift() has something to give, to false if it never will again. */
  async ready(): Promise<boolean> {
    return this.#pending.length > 0 || this.#more();
  }

  /** The next bytes, up to `limit`, if there are any without waiting. */
  shift(limit = READ_SIZE): Buffer | undefined {
    const first = this.#pending.shift();
    const chunk = first?.subarray(0, limit);
    if (!first || !chunk) return undefined;
    if (chunk.length < first.length) this.#pending.unshift(first.subarray(limit));
    this.bytesRead += chunk.length;
    return chunk;
  }

  /** `length` bytes, fewer only at the end. */
  async take(length: number): Promise<Buffer> {
    const head = await this.peek((bytes) => bytes.length >= length);
    const taken = head.subarray(0, length);
    this.bytesRead += taken.length;
    this.#pending = head.length > length ? [head.subarray(length), ...this.#pending.slice(1)] : [];
    return taken;
  }

  /** Takes back what shift() gave and nobody used. */
  unread(chunks: Buffer[]): void {
    this.#pending.unshift(...chunks);
    for (const { length } of chunks) this.bytesRead -= length;
  }

  /** All that is left to read. */
  async *chunks(): AsyncGenerator<Buffer> {
    while (await this.ready()) {
      const chunk = this.shift();
      if (chunk) yield chunk;
    }
  }

  /** Stops reading and closes the file. */
  async close(): Promise<void> {
    const stream = this.#stream;
    if (this.#fd === 0) {
      stream?.destroy();
      return;
    }
    if (stream && !stream.closed) {
      stream.destroy();
      await once(stream, 'close');
    }
    fs.closeSync(this.#fd);
  }

  /** One read for all who wait for it. Its end, or its failure, is the answer ever after. */
  #more(): Promise<boolean> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#iterator().next();
    if (done) return false;
    this.#pending.push(value);
    this.#reading = undefined;
    return true;
  }

  #open(): Readable {
    return fs.createReadStream('', { fd: this.#fd, fs: reading, highWaterMark: READ_SIZE });
  }

  #iterator(): AsyncIterator<Buffer> {
    this.#stream ??= this.#fd === 0 && isWaitable(this.stat) ? restOfStdin() : this.#open();
    this.#chunks ??= this.#stream[Symbol.asyncIterator]();
    return this.#chunks;
  }
}

/** Node waits for these on stdin without a blocked thread, which could not be stopped. */
function isWaitable(stat: fs.BigIntStats): boolean {
  return stat.isFIFO() || stat.isSocket() || isatty(0);
}

/** For a second `-` on the command line nothing is left. */
function restOfStdin(): Readable {
  return process.stdin.destroyed ? Readable.from([]) : process.stdin;
}

export interface OpenRules {
  /** Follow a symbolic link in the last component. */
  follow: boolean;
  /** Wait for the other end of a named pipe. */
  wait: boolean;
}

/** Opens a file for reading. Errors are those of open(2). */
export async function openInput(path: string, { follow, wait }: OpenRules): Promise<Input> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants;
  const flags = O_RDONLY | O_NOCTTY | (follow ? 0 : O_NOFOLLOW) | (wait ? 0 : O_NONBLOCK);
  return new Input(path, await open(path, flags));
}

/** Standard input. */
export function stdinInput(): Input {
  return new Input(undefined, 0);
}
