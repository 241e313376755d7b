import { type Abort, complain, WriteError } from './messages.js';
import { Sink } from './output.js';
import { dieBy } from './signals.js';

/** Ends what cannot go on. Whoever stops reading our output has seen enough: no message then. */
export function giveUp(error: Abort, report: (message: string) => void): void {
  if (error instanceof WriteError && error.code === 'EPIPE') dieBy('SIGPIPE');
  else report(error.message);
}

/** Writes all of `text` to stdout; resolves to the exit status. */
export async function print(program: string, text: string): Promise<number> {
  try {
    await new Sink('stdout', 1).write(Buffer.from(text));
    return 0;
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    giveUp(error, (message) => complain(`${program}: ${message}\n`));
    return 1;
  }
}
