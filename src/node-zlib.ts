// The running Node's own zlib, as it was before register() put this package's functions into it.
import type * as zlib from 'node:zlib';

/** Where register() leaves Node's own functions, for a second copy of this package. */
export const ORIGINAL = Symbol.for('warpdrive-zlib.original');

/** Where `warpdrive` keeps the names of the exports that are not Node's own, for register.ts. */
export const REPLACED = Symbol.for('warpdrive-zlib.replaced');

type Builtin = Record<string | symbol, unknown>;

/** What `require('zlib')` gives to everybody. */
export const builtin = (
  process.getBuiltinModule ? process.getBuiltinModule('node:zlib') : require('node:zlib')
) as Builtin;

function copyOf(exports: Builtin): Builtin {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(exports)) as Builtin;
}

export const nodeZlib = (builtin[ORIGINAL] ?? copyOf(builtin)) as typeof zlib;

/** A property with the flags of another; that may be an accessor which others left in zlib. */
export function withValue(
  like: PropertyDescriptor | undefined,
  value: unknown,
): PropertyDescriptor {
  const { get: _get, set: _set, ...flags } = like ?? {};
  return { ...flags, value };
}

let fieldsOfNode: Set<string> | undefined;

/** Own properties of the running Node's streams; newer ones have more than older ones. */
export function streamFields(): Set<string> {
  if (!fieldsOfNode) {
    const stream = nodeZlib.createInflateRaw();
    fieldsOfNode = new Set(Object.keys(stream));
    stream.close();
  }
  return fieldsOfNode;
}
