/** The texts of strerror(3) for what files really do; gzip's users know these, not libuv's. */
const systemErrors: Record<string, string> = {
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENXIO: 'No such device or address',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

/** The reason inside an error, as one phrase. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && systemErrors[code]) || message || String(error);
}

/** The code of a system error ('ENOENT', ...), if it is one. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** One file cannot be processed; the others still can. The message is `subject: reason`. */
export class FileError extends Error {
  constructor(subject: string, reason: string) {
    super(`${subject}: ${reason}`);
  }
}

/** Nothing more can be done, also for the files that follow. */
export class Abort extends Error {}

/** Output cannot be written, to a full disk for example. */
export class WriteError extends Abort {
  readonly code: string | undefined;
  constructor(subject: string, cause: unknown) {
    super(`${subject}: ${reasonOf(cause)}`, { cause });
    this.code = codeOf(cause);
  }
}

/** Prints to stderr and keeps gzip's exit status: 0, 2 after a warning, 1 after an error. */
export class Reporter {
  exitCode: 0 | 1 | 2 = 0;
  readonly #quiet: boolean;
  readonly #write: (text: string) => void;

  constructor(quiet: boolean, write: (text: string) => void) {
    this.#quiet = quiet;
    this.#write = write;
  }

  error(text: string): void {
    this.#write(`warpgzip: ${text}\n`);
    this.exitCode = 1;
  }

  warn(text: string): void {
    this.hint(text);
    this.warned();
  }

  /** A warning that leaves the exit status alone. */
  hint(text: string): void {
    if (!this.#quiet) this.#write(`warpgzip: ${text}\n`);
  }

  /** Sets the status of a warning whose text has been shown otherwise. */
  warned(): void {
    if (this.exitCode === 0) this.exitCode = 2;
  }

  /** Prints without the program's name and whatever -q says. */
  print(text: string): void {
    this.#write(text);
  }
}

let isGuarded = false;

/** Writes to stderr. Where that cannot be written to, the exit status has to do. */
export function complain(text: string): void {
  if (!isGuarded) process.stderr.on('error', () => {});
  isGuarded = true;
  process.stderr.write(text);
}
