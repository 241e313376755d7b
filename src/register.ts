// Preload: `node --import warpdrive-zlib/register app.js`, or with -r. From then on everybody's
// zlib works through this package: `require('zlib')`, `import 'node:zlib'`, Node's own http clients,
// and modules that were loaded before and hold the module (not a single function of it).
import { syncBuiltinESMExports } from 'node:module';

import { builtin, nodeZlib, ORIGINAL } from './node-zlib.js';

import warpdriveZlib = require('./index.js');

type Exports = Record<string, unknown>;

const ours = warpdriveZlib as unknown as Exports;
const theirs = nodeZlib as unknown as Exports;
/** What this package replaces; nothing if it is turned off by WARPDRIVE_DISABLE. */
const replaced = Object.keys(theirs).filter((name) => descriptor(ours, name) !== undefined);

/** The property of a name whose value is ours, undefined where the value is Node's. */
function descriptor(exports: Exports, name: string): PropertyDescriptor | undefined {
  const found = Object.getOwnPropertyDescriptor(exports, name);
  const node = Object.getOwnPropertyDescriptor(theirs, name);
  return found && 'value' in found && found.value !== node?.value ? found : undefined;
}

/** Puts this package's functions into node:zlib, for the calling thread. Idempotent. */
export function register(): void {
  if (replaced.length === 0) return;
  for (const name of replaced) Object.defineProperty(builtin, name, descriptor(ours, name) ?? {});
  Object.defineProperty(builtin, ORIGINAL, { value: nodeZlib, configurable: true });
  Object.defineProperty(builtin, 'warpdrive', { value: ours.warpdrive, configurable: true });
  syncBuiltinESMExports();
}

/** Gives node:zlib its own functions back; what others put there meanwhile stays. Idempotent. */
export function unregister(): void {
  for (const name of replaced) {
    if (Object.getOwnPropertyDescriptor(builtin, name)?.value !== ours[name]) continue;
    const own = Object.getOwnPropertyDescriptor(theirs, name);
    if (own) Object.defineProperty(builtin, name, own);
  }
  if (builtin[ORIGINAL] === nodeZlib) delete builtin[ORIGINAL];
  if (builtin.warpdrive === ours.warpdrive) delete builtin.warpdrive;
  syncBuiltinESMExports();
}

register();
