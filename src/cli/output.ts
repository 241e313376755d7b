import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf, FileError, reasonOf, WriteError } from './messages.js';
import { partial } from './signals.js';

const write = promisify(fs.write);
const fsync = promisify(fs.fsync);

/** Where decoded or encoded bytes go: a file descriptor, or nowhere. */
export class Sink {
  /** What messages call it. */
  readonly name: string;
  bytesWritten = 0;
  readonly #fd: number | undefined;

  constructor(name: string, fd: number | undefined) {
    this.name = name;
    this.#fd = fd;
  }

  /** Writes all of `source`. Throws WriteError. */
  async drain(source: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of source) await this.write(chunk);
  }

  /** Throws WriteError. */
  async write(bytes: Buffer): Promise<void> {
    let done = this.#fd === undefined ? bytes.length : 0;
    while (done < bytes.length) {
      try {
        done += (await write(this.#fd as number, bytes, done)).bytesWritten;
      } catch (error) {
        // The other end may have made a shared pipe or terminal non-blocking.
        if (codeOf(error) !== 'EAGAIN') throw new WriteError(this.name, error);
        await sleep(2);
      }
    }
    this.bytesWritten += bytes.length;
  }
}

/** The attributes of the input that its output takes over. */
export interface Attributes {
  stat: fs.BigIntStats;
  /** Seconds since 1970, in place of the input's own; undefined for those. */
  mtime: number | undefined;
}

/** Exact to the microsecond, which is what Node hands on; it takes negative numbers for `now`. */
function timestamp(nanoseconds: bigint): number | Date {
  if (nanoseconds < 0n) return new Date(Number(nanoseconds / 1_000_000n));
  return Number(nanoseconds / 1000n) / 1e6;
}

function ignoringErrors(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

/** Mode bits for a file whose group could not be set: its group gets no more than all others. */
export function withoutGroup(mode: number): number {
  const shared = (mode >> 3) & mode & 0o007;
  return (mode & 0o700) | (shared << 3) | shared;
}

/** A file that appears under its name when it is complete, or not at all. */
export class OutputFile {
  readonly sink: Sink;
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  #open = true;

  /** Creates the file under a temporary name in the folder of `path`. Throws FileError. */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = join(dirname(path), `.warpgzip-${randomBytes(8).toString('hex')}`);
    partial.add(this.#temporary);
    try {
      this.#fd = fs.openSync(this.#temporary, 'wx', 0o600);
    } catch (error) {
      partial.delete(this.#temporary);
      throw new FileError(path, reasonOf(error));
    }
    this.sink = new Sink(path, this.#fd);
  }

  /** Brings the bytes to the disk. Throws WriteError. */
  async sync(): Promise<void> {
    try {
      await fsync(this.#fd);
    } catch (error) {
      throw new WriteError(this.#path, error);
    }
  }

  /**
   * Closes the file and gives it its name; what has that name is replaced, if `replace`. Throws
   * WriteError, and FileError with EEXIST's text.
   */
  commit(attributes: Attributes, replace: boolean): void {
    try {
      this.#copyAttributes(attributes);
      this.#close();
    } catch (error) {
      throw new WriteError(this.#path, error);
    }
    try {
      this.#rename(replace);
    } catch (error) {
      throw new FileError(this.#path, reasonOf(error));
    }
    partial.delete(this.#temporary);
  }

  /** Removes the file, unless it has been committed. */
  discard(): void {
    ignoringErrors(() => this.#close());
    ignoringErrors(() => fs.unlinkSync(this.#temporary));
    partial.delete(this.#temporary);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    fs.closeSync(this.#fd);
  }

  /** Mode after owner: chown clears set-id bits, which are not copied in any case. */
  #copyAttributes({ stat, mtime }: Attributes): void {
    const fd = this.#fd;
    const mode = Number(stat.mode) & 0o777;
    const [uid, gid] = [Number(stat.uid), Number(stat.gid)];
    const hasGroup = ignoringErrors(() => fs.fchownSync(fd, -1, gid));
    ignoringErrors(() => fs.fchownSync(fd, uid, -1));
    fs.fchmodSync(fd, hasGroup ? mode : withoutGroup(mode));
    ignoringErrors(() =>
      fs.futimesSync(fd, timestamp(stat.atimeNs), mtime ?? timestamp(stat.mtimeNs)),
    );
  }

  #rename(replace: boolean): void {
    if (!replace) {
      try {
        // Unlike rename, link refuses a name that has come into use meanwhile.
        fs.linkSync(this.#temporary, this.#path);
        fs.unlinkSync(this.#temporary);
        return;
      } catch (error) {
        // File systems without hard links answer in several ways; EEXIST is the only refusal.
        if (codeOf(error) === 'EEXIST' || fs.existsSync(this.#path)) throw error;
      }
    }
    fs.renameSync(this.#temporary, this.#path);
  }
}
