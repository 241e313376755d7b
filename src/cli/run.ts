import { warpdrive } from '../index.js';
import { type Context, visitFiles } from './files.js';
import { type Input, stdinInput } from './input.js';
import { Listing } from './list.js';
import { Abort, complain, FileError, Reporter } from './messages.js';
import type { Options } from './options.js';
import { Sink } from './output.js';
import { giveUp } from './print.js';
import { installCleanUp } from './signals.js';
import { compressInput, decompressInput, explain, listInput, refuseTerminal } from './work.js';

async function work(input: Input, context: Context, listing: Listing): Promise<void> {
  try {
    if (context.options.list) await listInput(input, context, listing);
    else if (context.options.decompress) await decompressInput(input, context);
    else await compressInput(input, context);
  } catch (error) {
    throw explain(input, error);
  }
}

async function workOnStdin(context: Context, listing: Listing): Promise<void> {
  const own = { ...context, options: { ...context.options, toStdout: true } };
  refuseTerminal(own);
  const input = stdinInput();
  try {
    await work(input, own, listing);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    context.reporter.error(error.message);
  } finally {
    await input.close();
  }
}

/** Processes `files` in turn; none are stdin. What goes wrong with one is reported. Throws Abort. */
export async function workOnAll(files: string[], context: Context): Promise<void> {
  const listing = new Listing(context.options);
  for (const file of files.length > 0 ? files : ['-']) {
    if (file === '-') await workOnStdin(context, listing);
    else await visitFiles(file, context, (input) => work(input, context, listing));
  }
  if (context.options.list && !context.options.quiet && files.length > 1) {
    await new Sink('stdout', context.stdout).write(Buffer.from(listing.totals()));
  }
}

/** Does what the command line asks for; resolves to the exit status. */
export async function run(options: Options, files: string[]): Promise<number> {
  const reporter = new Reporter(options.quiet, complain);
  installCleanUp();
  try {
    if (options.threads !== undefined) warpdrive.configure({ threads: options.threads });
    await workOnAll(files, { options, reporter, stdout: 1 });
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
    giveUp(error, (message) => reporter.error(message));
  }
  return reporter.exitCode;
}
