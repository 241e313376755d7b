#!/usr/bin/env node
import { complain } from './messages.js';
import { parseCommandLine } from './options.js';
import { packageVersion } from './package-info.js';
import { print } from './print.js';
import { usage } from './usage.js';

async function main(): Promise<number> {
  const command = parseCommandLine(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      return print('warpgzip', usage);
    case 'version':
      return print('warpgzip', `warpgzip ${packageVersion()}\n`);
    case 'error':
      complain(`warpgzip: ${command.message}\n`);
      return 1;
    case 'run': {
      // Only now: help and usage errors need no codec.
      const { run } = await import('./run.js');
      return run(command.options, command.files);
    }
  }
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    // Either the addon does not load, which says so well, or this program is wrong.
    const { message, stack } = error as Error;
    const isLoading = message.startsWith('warpdrive-zlib ');
    complain(`warpgzip: ${isLoading ? message : stack}\n`);
    process.exitCode = 1;
  },
);
