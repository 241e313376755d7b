import * as fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Input, openInput } from './input.js';
import { codeOf, FileError, type Reporter, reasonOf } from './messages.js';
import type { Options } from './options.js';
import { withGuessedSuffix } from './suffix.js';

/** What gzip's command line rules are asked with. */
export interface Context {
  options: Options;
  reporter: Reporter;
  /** File descriptor of standard output. */
  stdout: number;
}

/** Opens what a command line argument or directory entry names. Throws FileError. */
async function openNamed(path: string, options: Options): Promise<Input> {
  const rules = { follow: options.force || options.toStdout, wait: options.toStdout };
  const guesses = options.decompress ? withGuessedSuffix(path, options.suffix) : [];
  for (const candidate of [path, ...guesses]) {
    try {
      return await openInput(candidate, rules);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw new FileError(candidate, reasonOf(error));
    }
  }
  // Like gzip, name the most likely guess if nothing was there.
  throw new FileError(guesses[0] ?? path, 'No such file or directory');
}

/** Why gzip leaves a file of this kind alone, or undefined. */
export function refusal(
  stat: fs.BigIntStats,
  { toStdout, force }: Pick<Options, 'toStdout' | 'force'>,
): string | undefined {
  if (toStdout) return undefined;
  const { S_IFMT, S_IFREG } = fs.constants;
  const mode = Number(stat.mode);
  if ((mode & S_IFMT) !== S_IFREG) return 'is not a directory or a regular file - ignored';
  if (mode & 0o4000) return 'is set-user-ID on execution - ignored';
  if (mode & 0o2000) return 'is set-group-ID on execution - ignored';
  if (force) return undefined;
  if (mode & 0o1000) return 'has the sticky bit set - file ignored';
  const others = Number(stat.nlink) - 1;
  if (others < 1) return undefined;
  return `has ${others} other link${others > 1 ? 's' : ''} -- file ignored`;
}

function identity(stat: fs.BigIntStats): string {
  return `${stat.dev}:${stat.ino}`;
}

/**
 * Opens every file that `path` stands for, one after the other, and hands those to `visit` that
 * may be processed. The others are reported.
 */
export async function visitFiles(
  path: string,
  context: Context,
  visit: (input: Input) => Promise<void>,
  ancestors: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { options, reporter } = context;
  let directory: fs.BigIntStats;
  try {
    const input = await openNamed(path, options);
    try {
      directory = input.stat;
      if (!directory.isDirectory()) {
        const reason = refusal(directory, options);
        if (reason) reporter.warn(`${input.name} ${reason}`);
        else await visit(input);
        return;
      }
    } finally {
      await input.close();
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    reporter.error(error.message);
    return;
  }
  if (!options.recursive) {
    reporter.warn(`${path} is a directory -- ignored`);
  } else if (ancestors.has(identity(directory))) {
    // Reached through a symbolic link, which -c, -t, -l and -f follow.
    reporter.warn(`${path} is a directory that contains itself -- ignored`);
  } else {
    const within = new Set(ancestors).add(identity(directory));
    for (const entry of await entriesOf(path, reporter)) {
      await visitFiles(join(path, entry), context, visit, within);
    }
  }
}

/** Sorted, so that messages and lists come out the same everywhere. */
async function entriesOf(path: string, reporter: Reporter): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    reporter.error(`${path}: ${reasonOf(error)}`);
    return [];
  }
}
