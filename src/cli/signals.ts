import { unlinkSync } from 'node:fs';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

const partialFiles = new Set<string>();
const screens = new Set<() => void>();

function cleanUp(): void {
  for (const clear of screens) clear();
  for (const path of partialFiles) {
    try {
      unlinkSync(path);
    } catch {
      // Not created yet, or gone already: either way there is nothing left behind.
    }
  }
  partialFiles.clear();
}

/** Files that must not survive this process. Register before creating, remove after renaming. */
export const partial: Pick<Set<string>, 'add' | 'delete'> = partialFiles;

/** Calls `clear` (synchronous) if the process ends; returns how to take that back. */
export function clearAtEnd(clear: () => void): () => void {
  screens.add(clear);
  return () => {
    screens.delete(clear);
  };
}

/**
 * Ends this process by `signal`, so that whoever waits for it sees the true reason. libuv gives
 * the signal its default action back when its last listener goes, also to SIGPIPE, which Node
 * ignores otherwise.
 */
export function dieBy(signal: Signal): void {
  cleanUp();
  process.on(signal, cleanUp);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * Removes partial files on SIGINT, SIGTERM, SIGHUP and on any exit. All that creates, renames or
 * removes files is synchronous, so a signal finds either the old state or the new one.
 */
export function installCleanUp(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => dieBy(signal));
  }
  process.on('exit', cleanUp);
}
