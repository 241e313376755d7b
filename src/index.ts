// The zlib-compatible surface, and nothing else: the running Node's zlib, with what this package
// accelerates put in its place. Whatever else that Node exports comes through untouched.
import type * as nodeZlib from 'node:zlib';

import { crc32 } from './crc32.js';
import * as forms from './forms.js';
import { classes } from './streams/classes.js';
import type { ZlibConstructor } from './streams/zlib-base.js';
import * as warpdrive from './warpdrive.js';

type Exports = Record<string, unknown>;

/** createGzip and the like, as Node makes them. */
function factory(Class: ZlibConstructor): unknown {
  return (options?: object) => new Class(options);
}

function replacements(): Exports {
  const replaced: Exports = { ...classes, ...forms, crc32 };
  for (const [name, Class] of Object.entries(classes)) replaced[`create${name}`] = factory(Class);
  return replaced;
}

/** Name and arity are visible to users too. */
function dressAs(original: unknown, replacement: unknown): void {
  if (typeof original !== 'function' || typeof replacement !== 'function') return;
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(replacement, key, { value: original[key], configurable: true });
  }
}

// What `require('zlib')` gives, not the namespace object of the import.
const original = process.getBuiltinModule
  ? (process.getBuiltinModule('node:zlib') as unknown as Exports)
  : (require('node:zlib') as Exports);
const replaced = replacements();
const descriptors = Object.getOwnPropertyDescriptors(original);
for (const [name, descriptor] of Object.entries(descriptors)) {
  if (!(name in replaced)) continue;
  dressAs(original[name], replaced[name]);
  descriptor.value = replaced[name];
}

const warpdriveZlib = Object.defineProperties({}, descriptors) as typeof nodeZlib;
// Not enumerable: whoever lists the exports finds exactly zlib's.
Object.defineProperty(warpdriveZlib, 'warpdrive', { value: warpdrive });

export = warpdriveZlib;
