import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import type { Context } from './files.js';
import { type GzipHeader, safeName } from './gzip-header.js';
import type { Input } from './input.js';
import { FileError, reasonOf } from './messages.js';
import { OutputFile, type Sink } from './output.js';
import { compressedSuffix, withoutSuffix } from './suffix.js';

/** The file that compressing `path` makes; undefined, with gzip's message, if it is compressed. */
export function compressedPath(path: string, { options, reporter }: Context): string | undefined {
  const suffix = compressedSuffix(path, options.suffix);
  if (suffix !== '' && !options.force) {
    // gzip's exit status stays 0 here.
    if (options.verbose || !options.recursive) {
      reporter.hint(`${path} already has ${suffix} suffix -- unchanged`);
    }
    return undefined;
  }
  return path + options.suffix;
}

/** Whether the name of `path` says that it is compressed; gzip's message if not. */
export function hasKnownSuffix(path: string, { options, reporter }: Context): boolean {
  if (compressedSuffix(path, options.suffix) !== '') return true;
  if (options.verbose || (!options.recursive && !options.quiet)) {
    reporter.warn(`${path}: unknown suffix -- ignored`);
  }
  return false;
}

/** The file that decompressing `path` makes, named by its member's header if -N was given. */
export function decompressedPath(path: string, header: GzipHeader, context: Context): string {
  const { options, reporter } = context;
  if (options.name && header.rawName) {
    const name = safeName(header.rawName);
    if (name !== undefined) return join(dirname(path), name);
    reporter.warn(`${path}: stored name is not usable -- ignored`);
  }
  return withoutSuffix(path, options.suffix);
}

function sameFile(a: fs.BigIntStats, b: fs.BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function askYesOrNo(): Promise<boolean> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, terminal: false });
    lines.once('line', (line) => {
      resolve(/^\s*y/i.test(line));
      lines.close();
    });
    lines.once('close', () => resolve(false));
  });
}

/** gzip's question, or its answer to itself if there is nobody to ask; both even with -q. */
async function mayOverwrite(path: string, { reporter }: Context): Promise<boolean> {
  let refused = `warpgzip: ${path} already exists;\tnot overwritten\n`;
  if (isatty(0)) {
    reporter.print(`warpgzip: ${path} already exists; do you wish to overwrite (y or n)? `);
    if (await askYesOrNo()) return true;
    refused = '\tnot overwritten\n';
  }
  reporter.print(refused);
  reporter.warned();
  return false;
}

/** Whether a new file may get the name `path`, and whether one that has it may go. */
async function permission(
  path: string,
  input: Input,
  context: Context,
): Promise<'create' | 'replace' | 'no'> {
  let existing: fs.BigIntStats | undefined;
  try {
    existing = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    throw new FileError(path, reasonOf(error));
  }
  if (!existing) return 'create';
  if (!context.options.force && !(await mayOverwrite(path, context))) return 'no';
  if (sameFile(existing, input.stat)) throw new FileError(path, 'would replace its own input');
  return 'replace';
}

/** Removes what was read completely, if its name still stands for that. */
function removeInput(path: string, input: Input, { reporter }: Context): void {
  try {
    const current = fs.statSync(path, { bigint: true });
    if (!sameFile(current, input.stat) || input.hasChanged()) {
      reporter.warn(`${path}: file changed while it was read -- kept`);
      return;
    }
    fs.unlinkSync(path);
  } catch (error) {
    reporter.warn(`${path}: ${reasonOf(error)}`);
  }
}

/**
 * Makes the file `path` out of `input` (a file itself) with what `fill` writes, and removes the
 * input unless it is to be kept. Resolves to false if an existing file is not to be replaced.
 * Whatever goes wrong, there is no incomplete file and the input stays.
 */
export async function makeFile(
  { path, mtime }: { path: string; mtime: number | undefined },
  input: Input,
  context: Context,
  fill: (sink: Sink) => Promise<void>,
): Promise<boolean> {
  const { keep, synchronous } = context.options;
  const allowed = await permission(path, input, context);
  if (allowed === 'no') return false;
  const output = new OutputFile(path);
  try {
    await fill(output.sink);
    if (synchronous || !keep) await output.sync();
    output.commit({ stat: input.stat, mtime }, allowed === 'replace');
    if (!keep) removeInput(input.name, input, context);
  } finally {
    output.discard();
  }
  return true;
}
