// The seven classes.

import { type ClassName, Mode } from '../constants.js';
import { nodeZlib } from '../node-zlib.js';
import type { Options } from '../options.js';
import { Zlib, type ZlibConstructor, type ZlibStream } from './zlib-base.js';

function inherit(Class: unknown): ZlibConstructor {
  const child = Class as ZlibConstructor;
  Object.setPrototypeOf(child.prototype, Zlib.prototype);
  Object.setPrototypeOf(child, Zlib);
  return child;
}

const warned = new Set<ClassName>();

/** Calling a class without `new` works; Nodes that warn about it do so themselves, once. */
function withoutNew(name: ClassName, opts: Options | undefined): ZlibStream {
  if (!warned.has(name)) {
    warned.add(name);
    (nodeZlib as unknown as Record<ClassName, () => { close(): void }>)[name]().close();
  }
  return new classes[name](opts);
}

export const Deflate: ZlibConstructor = inherit(function Deflate(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Deflate)) return withoutNew('Deflate', opts);
  Zlib.call(this, opts, Mode.Deflate);
});

export const Inflate: ZlibConstructor = inherit(function Inflate(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Inflate)) return withoutNew('Inflate', opts);
  Zlib.call(this, opts, Mode.Inflate);
});

export const Gzip: ZlibConstructor = inherit(function Gzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Gzip)) return withoutNew('Gzip', opts);
  Zlib.call(this, opts, Mode.Gzip);
});

export const Gunzip: ZlibConstructor = inherit(function Gunzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Gunzip)) return withoutNew('Gunzip', opts);
  Zlib.call(this, opts, Mode.Gunzip);
});

export const DeflateRaw: ZlibConstructor = inherit(function DeflateRaw(
  this: ZlibStream,
  opts?: Options,
) {
  // zlib cannot make raw streams with a window of 256 bytes; Node changes the caller's object.
  if (opts && opts.windowBits === 8) opts.windowBits = 9;
  if (!(this instanceof DeflateRaw)) return withoutNew('DeflateRaw', opts);
  Zlib.call(this, opts, Mode.DeflateRaw);
});

export const InflateRaw: ZlibConstructor = inherit(function InflateRaw(
  this: ZlibStream,
  opts?: Options,
) {
  if (!(this instanceof InflateRaw)) return withoutNew('InflateRaw', opts);
  Zlib.call(this, opts, Mode.InflateRaw);
});

export const Unzip: ZlibConstructor = inherit(function Unzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Unzip)) return withoutNew('Unzip', opts);
  Zlib.call(this, opts, Mode.Unzip);
});

export const classes: Record<ClassName, ZlibConstructor> = {
  Deflate,
  Inflate,
  Gzip,
  Gunzip,
  DeflateRaw,
  InflateRaw,
  Unzip,
};
