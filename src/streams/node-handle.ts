// For those who drive a stream's `_handle` themselves, as pngjs does: node:zlib's own handle.

import { type ClassName, Mode } from '../constants.js';
import { nodeZlib } from '../node-zlib.js';
import type { CheckedOptions } from '../options.js';
import type { ZlibStream } from './zlib-base.js';

/** writeSync(flush, in, inOffset, inLength, out, outOffset, outLength), lengths in bytes. */
export type WriteSyncArguments = [number, unknown, number, number, unknown, number, number];

interface NodeStream {
  _handle: { writeSync(...args: WriteSyncArguments): void } | null;
  _writeState: Uint32Array;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): void;
}

const CLASS_OF: Record<Mode, ClassName> = {
  [Mode.Deflate]: 'Deflate',
  [Mode.Inflate]: 'Inflate',
  [Mode.Gzip]: 'Gzip',
  [Mode.Gunzip]: 'Gunzip',
  [Mode.DeflateRaw]: 'DeflateRaw',
  [Mode.InflateRaw]: 'InflateRaw',
  [Mode.Unzip]: 'Unzip',
};

export class NodeHandle {
  private readonly inner: NodeStream;

  constructor(
    mode: Mode,
    options: CheckedOptions,
    private readonly stream: ZlibStream,
  ) {
    this.inner = new nodeZlib[CLASS_OF[mode]](options) as unknown as NodeStream;
    this.inner.on('error', (error) => stream.destroy(error));
  }

  /** Leaves [space left, input left] in the stream's `_writeState`. */
  writeSync(...args: WriteSyncArguments): void {
    this.inner._handle?.writeSync(...args);
    this.stream._writeState.set(this.inner._writeState);
  }

  close(): void {
    this.inner.close();
  }
}
