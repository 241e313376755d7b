// The seven classes.
import { type ClassName, Mode } from '../constants.js';
import type { Options } from '../options.js';
import { Zlib, type ZlibConstructor, type ZlibStream } from './zlib-base.js';

function inherit(constructor: unknown): ZlibConstructor {
  const child = constructor as ZlibConstructor;
  Object.setPrototypeOf(child.prototype, Zlib.prototype);
  Object.setPrototypeOf(child, Zlib);
  return child;
}

export const Deflate: ZlibConstructor = inherit(function Deflate(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Deflate)) return new classes.Deflate(opts);
  Zlib.call(this, opts, Mode.Deflate, 'Deflate');
});

export const Inflate: ZlibConstructor = inherit(function Inflate(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Inflate)) return new classes.Inflate(opts);
  Zlib.call(this, opts, Mode.Inflate, 'Inflate');
});

export const Gzip: ZlibConstructor = inherit(function Gzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Gzip)) return new classes.Gzip(opts);
  Zlib.call(this, opts, Mode.Gzip, 'Gzip');
});

export const Gunzip: ZlibConstructor = inherit(function Gunzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Gunzip)) return new classes.Gunzip(opts);
  Zlib.call(this, opts, Mode.Gunzip, 'Gunzip');
});

export const DeflateRaw: ZlibConstructor = inherit(function DeflateRaw(this: ZlibStream, opts?: Options) {
  // zlib cannot make raw streams with a window of 256 bytes; Node changes the caller's object.
  if (opts && opts.windowBits === 8) opts.windowBits = 9;
  if (!(this instanceof DeflateRaw)) return new classes.DeflateRaw(opts);
  Zlib.call(this, opts, Mode.DeflateRaw, 'DeflateRaw');
});

export const InflateRaw: ZlibConstructor = inherit(function InflateRaw(this: ZlibStream, opts?: Options) {
  if (!(this instanceof InflateRaw)) return new classes.InflateRaw(opts);
  Zlib.call(this, opts, Mode.InflateRaw, 'InflateRaw');
});

export const Unzip: ZlibConstructor = inherit(function Unzip(this: ZlibStream, opts?: Options) {
  if (!(this instanceof Unzip)) return new classes.Unzip(opts);
  Zlib.call(this, opts, Mode.Unzip, 'Unzip');
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
