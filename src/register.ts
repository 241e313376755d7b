// Preload: `node --import warpdrive-zlib/register app.js`, or with -r. From then on everybody's
// zlib works through this package: `require('zlib')`, `import 'node:zlib'`, Node's own http clients,
// and modules that were loaded before and hold the module (not a single function of it).
import { syncBuiltinESMExports } from 'node:module';

import { builtin, nodeZlib, ORIGINAL, REPLACED, withValue } from './node-zlib.js';

import warpdriveZlib = require('./index.js');

type Exports = Record<string | symbol, unknown>;

const ours = warpdriveZlib as unknown as Exports;
const theirs = nodeZlib as unknown as Exports;
/** Empty if the package is turned off: disabled.ts. */
const replaced = (ours.warpdrive as Exports)[REPLACED] as string[];
/** What was in zlib before: Node's own functions, or what somebody put around them. */
const before = new Map<string, PropertyDescriptor>();

const descriptor = Object.getOwnPropertyDescriptor;
const isOurs = (name: string) => descriptor(builtin, name)?.value === ours[name];

/** Puts this package's functions into node:zlib, for the calling thread. Idempotent. */
export function register(): void {
  const others = ORIGINAL in builtin; // another copy of this package: not to be given back
  for (const name of replaced) {
    if (isOurs(name)) continue;
    const now = descriptor(others ? theirs : builtin, name) ?? {};
    before.set(name, now);
    Object.defineProperty(builtin, name, withValue(now, ours[name]));
  }
  if (replaced.length === 0) return;
  Object.defineProperty(builtin, ORIGINAL, { value: nodeZlib, configurable: true });
  Object.defineProperty(builtin, 'warpdrive', { value: ours.warpdrive, configurable: true });
  syncBuiltinESMExports();
}

/** Gives node:zlib its own functions back; what others put there meanwhile stays. Idempotent. */
export function unregister(): void {
  for (const name of replaced.filter(isOurs)) {
    Object.defineProperty(builtin, name, before.get(name) as PropertyDescriptor);
  }
  if (builtin.warpdrive === ours.warpdrive) {
    delete builtin.warpdrive;
    delete builtin[ORIGINAL];
  }
  syncBuiltinESMExports();
}

register();
