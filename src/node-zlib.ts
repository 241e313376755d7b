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

/** How the running Node's streams are made. */
interface StreamMaking {
  /** Own properties; newer Nodes have more than older ones. */
  fields: Set<string>;
  /** Where a stream keeps the error that zlib gave it; null until then. */
  error: symbol;
  /** Whether the option rejectGarbageAfterEnd is checked, and holds in all forms: Node 24. */
  checksGarbage: boolean;
}

let made: StreamMaking | undefined;

export function streamMaking(): StreamMaking {
  if (!made) {
    let reads = 0;
    // Inherited: so it is not read with the options for Transform.
    const options = Object.create({
      get rejectGarbageAfterEnd() {
        reads++;
        return undefined;
      },
    });
    const stream = nodeZlib.createInflateRaw(options);
    const symbols = Object.getOwnPropertySymbols(stream);
    made = {
      fields: new Set(Object.keys(stream)),
      error: symbols.find(({ description }) => description === 'kError') ?? Symbol('kError'),
      checksGarbage: reads > 1,
    };
    stream.close();
  }
  return made;
}
