import { type GzipHeader, TRAILER } from './gzip-header.js';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** gzip's ratio: the part of `whole` that was saved, in percent and six columns or more. */
export function ratio(saved: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * saved) / whole;
  return `${percent.toFixed(1).padStart(5)}%`;
}

/** `Feb  3 04:05`, in local time. */
export function shortDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = String(date.getDate()).padStart(3);
  const [hours, minutes] = [date.getHours(), date.getMinutes()].map((n) => `${n}`.padStart(2, '0'));
  return `${months[date.getMonth()]}${day} ${hours}:${minutes}`;
}

/** Control characters in a stored name must not reach the terminal. */
export function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '?');
}

interface Totals {
  compressed: number;
  uncompressed: number;
  headers: number;
  files: number;
}

/** What decoding a file has shown. Sizes in bytes. */
export interface Listed {
  compressed: number;
  /** Of all members. */
  uncompressed: number;
  /** CRC-32 of the last member. */
  crc: number;
  header: GzipHeader;
  /** Seconds since 1970. */
  mtime: number;
  name: string;
}

/** The table of `warpgzip -l`. */
export class Listing {
  readonly #verbose: boolean;
  readonly #quiet: boolean;
  readonly #totals: Totals = { compressed: 0, uncompressed: 0, headers: 0, files: 0 };

  constructor(options: { verbose: boolean; quiet: boolean }) {
    this.#verbose = options.verbose;
    this.#quiet = options.quiet;
  }

  /** The line of one file, headed if it is the first. */
  line({ compressed, uncompressed, crc, header, mtime, name }: Listed): string {
    const headers = header.length + TRAILER;
    const first = this.#totals.files++ === 0 && !this.#quiet ? this.#heading() : '';
    this.#totals.compressed += compressed;
    this.#totals.uncompressed += uncompressed;
    this.#totals.headers = headers;
    const about = `defla ${crc.toString(16).padStart(8, '0')} ${shortDate(mtime)} `;
    const sizes = row(compressed, uncompressed, headers, printable(name));
    return `${first}${this.#verbose ? about : ''}${sizes}`;
  }

  /** The last line of a list of several files. */
  totals(): string {
    const { compressed, uncompressed, headers } = this.#totals;
    const indent = this.#verbose ? ' '.repeat(28) : '';
    return indent + row(compressed, uncompressed, headers, '(totals)');
  }

  #heading(): string {
    const about = this.#verbose ? 'method  crc     date  time  ' : '';
    return `${about}${'compressed'.padStart(19)} ${'uncompressed'.padStart(19)}  ratio uncompressed_name\n`;
  }
}

function row(compressed: number, uncompressed: number, headers: number, name: string): string {
  const sizes = `${String(compressed).padStart(19)} ${String(uncompressed).padStart(19)}`;
  const saved = uncompressed - (compressed - headers);
  return `${sizes} ${ratio(saved, uncompressed)} ${name}\n`;
}
