import { basename } from 'node:path';
import { isatty } from 'node:tty';
import {
  compress,
  decompress,
  describeDecoderError,
  describeHeader,
  peekHeader,
  type Trailing,
} from './codec.js';
import type { Context } from './files.js';
import { buildHeader, type GzipHeader, safeName, TRAILER } from './gzip-header.js';
import type { Input } from './input.js';
import { type Listing, printable, ratio } from './list.js';
import { Abort, codeOf, FileError, reasonOf } from './messages.js';
import { Sink } from './output.js';
import { Progress } from './progress.js';
import { withoutSuffix } from './suffix.js';
import { compressedPath, decompressedPath, hasKnownSuffix, makeFile } from './target.js';

const MAX_MTIME = 0xffffffff;
/** compress, pack, lzh, zip: gzip decodes these, so -f must not take them for plain data. */
const FOREIGN = ['1f9d', '1f1e', '1fa0', '504b0304'];

/** Runs `action`, with a progress bar if somebody would see it. */
async function withProgress<T>(
  input: Input,
  { options, stdout }: Context,
  action: () => Promise<T>,
): Promise<T> {
  const isSeen =
    isatty(2) && !options.quiet && !(options.toStdout && !options.test && isatty(stdout));
  const bar =
    isSeen && input.path !== undefined && input.size
      ? new Progress(printable(input.path), input.size, () => input.bytesRead)
      : undefined;
  try {
    return await action();
  } finally {
    bar?.stop();
  }
}

/** What went wrong with `input`, in gzip's words; `error` itself if only a bug explains it. */
export function explain(input: Input, error: unknown): unknown {
  if (error instanceof Abort || error instanceof FileError || !codeOf(error)) return error;
  return new FileError(input.name, describeDecoderError(error) ?? reasonOf(error));
}

/** Throws Abort if compressed data would come from or go to a terminal without -f. */
export function refuseTerminal({ options, stdout }: Context): void {
  if (options.force || !isatty(options.decompress ? 0 : stdout)) return;
  const how = options.decompress ? 'read from' : 'written to';
  const what = options.decompress ? 'decompression' : 'compression';
  throw new Abort(
    `compressed data not ${how} a terminal. Use -f to force ${what}.\nFor help, type: warpgzip -h`,
  );
}

function mtimeFor(input: Input, { options, reporter }: Context): number {
  if (options.name === false || !input.stat.isFile()) return 0;
  const seconds = Math.floor(Number(input.stat.mtimeNs / 1000n) / 1e6);
  if (seconds > 0 && seconds <= MAX_MTIME) return seconds;
  reporter.warn(`${input.name}: warning: file timestamp out of range for gzip format`);
  return 0;
}

interface Result {
  saved: number;
  whole: number;
  /** The file made; undefined for stdout. */
  path?: string | undefined;
}

function reportResult(input: Input, { options, reporter }: Context, result: Result): void {
  if (!options.verbose) return;
  const percent = ratio(result.saved, result.whole);
  if (input.path === undefined) {
    if (options.test) reporter.print(' OK\n');
    else if (!options.decompress) reporter.print(`${percent}\n`);
    return;
  }
  const verb = options.keep ? 'created' : 'replaced with';
  const outcome = options.test
    ? ' OK'
    : `${percent} -- ${verb} ${printable(result.path ?? 'stdout')}`;
  reporter.print(`${input.path}:\t${outcome}\n`);
}

/** Compresses a file or stdin as the options say. Throws FileError and Abort. */
export async function compressInput(input: Input, context: Context): Promise<void> {
  const { options } = context;
  const path = options.toStdout ? undefined : compressedPath(input.name, context);
  if (options.toStdout) refuseTerminal(context);
  else if (path === undefined) return;
  const withName = options.name !== false && input.path !== undefined;
  let written = 0;
  const fill = async (sink: Sink) => {
    const header = buildHeader({
      name: withName ? basename(input.name) : undefined,
      mtime: mtimeFor(input, context),
      level: options.level,
    });
    const { level } = options;
    await withProgress(input, context, () => compress(input, sink, { level, header }));
    written = sink.bytesWritten - header.length - TRAILER;
  };
  if (path === undefined) await fill(new Sink('stdout', context.stdout));
  else if (!(await makeFile({ path, mtime: undefined }, input, context, fill))) return;
  const whole = input.bytesRead;
  reportResult(input, context, { saved: whole - written, whole, path });
}

/** The header of the first member, or 'plain' for data that -f passes on as it is. */
async function readHeader(input: Input, { options }: Context): Promise<GzipHeader | 'plain'> {
  const { head, parsed } = await peekHeader(input);
  if (parsed.kind === 'header') return parsed.header;
  const isForeign = FOREIGN.some((magic) => head.toString('hex', 0, 4).startsWith(magic));
  const isPlain = parsed.kind === 'not-gzip' || head.length < 2;
  if (options.force && options.toStdout && !options.list && isPlain && !isForeign) return 'plain';
  throw new FileError(input.name, describeHeader(parsed));
}

function reportTrailing(input: Input, { options, reporter }: Context, trailing: Trailing): void {
  if (trailing === 'garbage') {
    reporter.warn(`${input.name}: decompression OK, trailing garbage ignored`);
  } else if (trailing === 'zeros' && options.verbose) {
    // Padding, of tapes for example, which gzip mentions only if asked to be verbose.
    reporter.warn(`${input.name}: decompression OK, trailing zero bytes ignored`);
  }
}

/** Decompresses or tests a file or stdin as the options say. Throws FileError and Abort. */
export async function decompressInput(input: Input, context: Context): Promise<void> {
  const { options } = context;
  const needsSuffix = !options.toStdout || (options.test && options.recursive);
  if (input.path !== undefined && needsSuffix && !hasKnownSuffix(input.path, context)) return;
  const header = await readHeader(input, context);
  let [trailing, written]: [Trailing, number] = ['nothing', 0];
  const fill = (sink: Sink) =>
    withProgress(input, context, async () => {
      if (header === 'plain') await sink.drain(input.chunks());
      else trailing = await decompress(input, sink);
      written = sink.bytesWritten;
    });
  let path: string | undefined;
  if (options.toStdout || header === 'plain') {
    await fill(new Sink('stdout', options.test ? undefined : context.stdout));
  } else {
    path = decompressedPath(input.name, header, context);
    const mtime = options.name && header.mtime > 0 ? header.mtime : undefined;
    if (!(await makeFile({ path, mtime }, input, context, fill))) return;
  }
  reportTrailing(input, context, trailing);
  const overhead = header === 'plain' ? 0 : header.length + TRAILER;
  const saved = written - (input.bytesRead - overhead);
  reportResult(input, context, { saved, whole: written, path });
}

/**
 * Writes the line of a file or stdin in the list. As gzip 1.12 and newer it decodes all of it: the
 * trailer alone knows the length of the last member modulo 2^32, and nothing of damage. Throws
 * FileError and Abort.
 */
export async function listInput(input: Input, context: Context, listing: Listing): Promise<void> {
  const { options } = context;
  if (input.path !== undefined && options.recursive && !hasKnownSuffix(input.path, context)) return;
  const header = await readHeader(input, context);
  if (header === 'plain') return;
  const nowhere = new Sink('nowhere', undefined);
  let crc = 0;
  const trailing = await withProgress(input, context, () =>
    decompress(input, nowhere, (last) => {
      crc = last;
    }),
  );
  reportTrailing(input, context, trailing);
  // How much of the file is compressed data is unknown then; gzip has no line for it either.
  if (trailing === 'garbage') return;
  const fromHeader = options.name === true;
  const stored = fromHeader && header.rawName ? safeName(header.rawName) : undefined;
  const own = input.path === undefined ? 'stdout' : withoutSuffix(input.path, options.suffix);
  const fileTime = input.stat.isFile() ? Number(input.stat.mtimeNs / 1_000_000_000n) : 0;
  const line = listing.line({
    compressed: input.bytesRead,
    uncompressed: nowhere.bytesWritten,
    crc,
    header,
    mtime: fromHeader && header.mtime > 0 ? header.mtime : fileTime,
    name: stored ?? own,
  });
  await new Sink('stdout', context.stdout).write(Buffer.from(line));
}
