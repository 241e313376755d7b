// What this package puts in the place of zlib's exports.
import { crc32 } from './crc32.js';
import * as forms from './forms.js';
import { nodeZlib } from './node-zlib.js';
import { classes } from './streams/classes.js';
import { Zlib, ZlibBase, type ZlibConstructor } from './streams/zlib-base.js';

export * as warpdrive from './warpdrive.js';

/** createGzip and the like, as Node makes them. */
function factory(Class: ZlibConstructor): unknown {
  // No arrow: Node's can be called with `new` too.
  return function create(options?: object) {
    return new Class(options);
  };
}

/** Name and arity are visible to users too. */
function dressAs(original: unknown, replacement: unknown): void {
  if (typeof original !== 'function' || typeof replacement !== 'function') return;
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(replacement, key, { value: original[key], configurable: true });
  }
}

/** The same for what the classes inherit, constructors included. */
function dressPrototypes(): void {
  let theirs: object = nodeZlib.Gzip.prototype;
  for (const { prototype: ours } of [Zlib, ZlibBase]) {
    theirs = Object.getPrototypeOf(theirs);
    for (const name of Object.getOwnPropertyNames(ours)) {
      const original = Object.getOwnPropertyDescriptor(theirs, name);
      dressAs(original?.value, Object.getOwnPropertyDescriptor(ours, name)?.value);
    }
  }
}

function makeReplacements(): Map<string, unknown> {
  const made: Record<string, unknown> = { ...classes, ...forms, crc32 };
  for (const [name, Class] of Object.entries(classes)) made[`create${name}`] = factory(Class);
  const replaced = new Map<string, unknown>();
  for (const [name, original] of Object.entries(nodeZlib)) {
    if (!(name in made)) continue;
    dressAs(original, made[name]);
    replaced.set(name, made[name]);
  }
  return replaced;
}

dressPrototypes();

/** By name, and only what the running Node's zlib has too. */
export const replacements = makeReplacements();
