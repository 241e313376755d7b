import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folder of the installed package; this file is `dist/cli/package-info.js` in it. */
export const packageRoot = resolve(__dirname, '..', '..');

/** The `version` field of package.json. */
export function packageVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
