// What a stream's engine is to the stream, and what both engines share.
import { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';

import type { SessionOwner } from '../binding.js';
import type { Mode } from '../constants.js';
import { chunkLost, isOfZlib } from '../errors.js';
import { nextTick, setImmediate } from '../later.js';
import { nodeZlib, streamMaking } from '../node-zlib.js';
import type { CheckedOptions } from '../options.js';
import { NodeHandle, type WriteSyncArguments } from './node-handle.js';
import type { ZlibStream } from './zlib-base.js';

/** A subclass may pass on data to push. */
export type Done = (error?: Error | null, data?: unknown) => void;

/**
 * The work behind one stream: node:zlib's `_handle`. It takes one chunk at a time and pushes
 * output to the stream as it comes, as long as the stream's consumer wants it.
 */
export interface Engine {
  /** The stream's _flush() was called: no data follows. */
  finishing: boolean;
  /**
   * Takes a chunk and applies the flush kind after it. `done` is called once: when the chunk was
   * taken and there is room for more or, for any kind but Z_NO_FLUSH, when all output due was
   * pushed. The chunk may be overwritten after that. Not `early`: when all output due to it was
   * pushed, as far as anybody can tell.
   */
  process(chunk: Uint8Array, kind: number, done: Done, early: boolean): void;
  /** The same, waiting; returns the output. @throws the stream's error */
  processSync(chunk: ArrayBufferView, kind: number): Buffer;
  /** Calls back when all that was taken is processed, as far as node:zlib's 'finish' tells that. */
  whenProcessed(done: () => void): void;
  /** The consumer wants more output. */
  onRead(): void;
  params(level: number, strategy: number): void;
  reset(): void;
  /** Not ours: node:zlib's handle, for users who bypass the stream. */
  writeSync(...args: WriteSyncArguments): void;
  /** Drops everything; `done` of a chunk in progress is called. Idempotent. */
  close(): void;
}

/** The chunk in progress and its callback. */
interface Task {
  chunk: Uint8Array;
  /** Bytes of the chunk when it was written. */
  size: number;
  offset: number;
  kind: number;
  done: Done;
  early: boolean;
}

/** Destroys the stream; what zlib said stays with it, as in node:zlib. */
export function failStream(stream: ZlibStream, error: Error): void {
  stream.destroy(error);
  if (isOfZlib(error)) Reflect.set(stream, streamMaking().error, error);
}

/** @throws the running Node's own error for it, if it has one */
function refuseReset(): void {
  const stream = nodeZlib.createDeflate();
  try {
    stream.write('x');
    stream.reset();
  } finally {
    stream.close();
  }
}

/** Calls advance() whenever something may have changed; subclasses decide what can be done. */
export abstract class EngineBase implements Engine, SessionOwner {
  finishing = false;
  protected task: Task | null = null;
  /** The consumer has enough for now. */
  protected blocked = false;
  protected closed = false;
  // Callbacks run in the asynchronous context in which the stream was made, as node:zlib's do.
  // Of a stream that nobody closes, async_hooks hear when it is collected.
  private readonly resource = new AsyncResource('ZLIB');
  private nodeHandle: NodeHandle | null = null;
  private advancing = false;
  /** Inside process(): nothing is pushed there, since node:zlib always pushes in a later turn. */
  protected processing = false;
  /** The last call was synchronous: all output is for the next such call, not for the stream. */
  protected synchronous = false;
  /** A chunk was processed and its callback is due. */
  private calling = false;
  private again = false;
  private failing = false;
  /** Listeners of 'data' run: node:zlib takes that for a time between two writes. */
  private pushing = false;
  /** The callback of a write in progress when such a listener closed the stream. */
  private orphan: Done | null = null;
  /** Waits for the consumer to read on. */
  private hooked = false;
  /** The readable side ended: nobody will ask for more. */
  protected ended = false;

  constructor(
    protected readonly mode: Mode,
    protected readonly stream: ZlibStream,
    protected readonly options: CheckedOptions,
  ) {}

  /** Loggers print streams: what is behind this one is not theirs, and it is circular. */
  toJSON(): object {
    return {};
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  protected abstract advance(): void;
  protected abstract release(): void;
  abstract processSync(chunk: ArrayBufferView, kind: number): Buffer;
  abstract params(level: number, strategy: number): void;
  protected abstract restartStream(): void;

  process(chunk: Uint8Array, kind: number, done: Done, early: boolean): void {
    this.task = { chunk, size: chunk.byteLength, offset: 0, kind, done, early };
    this.synchronous = false;
    this.processing = true;
    try {
      this.step();
    } finally {
      this.processing = false;
    }
  }

  whenProcessed(done: () => void): void {
    done();
  }

  /** Whether writes are in progress that node:zlib would not have called back yet. */
  protected get inFlight(): boolean {
    return false;
  }

  /** @throws where the running Node does: newer ones refuse while a write is in progress */
  reset(): void {
    if (!this.pushing && (this.task || this.calling || this.inFlight)) refuseReset();
    this.restartStream();
  }

  onRead(): void {
    if (!this.blocked || this.closed || this.synchronous) return;
    this.blocked = false;
    this.step();
  }

  onNativeReady(): void {
    this.resource.runInAsyncScope(nextTick, undefined, EngineBase.wake, this);
  }

  private static wake(engine: EngineBase): void {
    if (!engine.closed && !engine.synchronous) engine.step();
  }

  writeSync(...args: WriteSyncArguments): void {
    this.nodeHandle ??= new NodeHandle(this.mode, this.options, this.stream);
    this.nodeHandle.writeSync(...args);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.release();
    this.nodeHandle?.close();
    const task = this.task;
    this.task = null;
    if (task && this.pushing) this.orphan = task.done;
    else if (task) this.callAfterDestroy(task.done);
    else if (!this.calling) this.resource.emitDestroy();
  }

  /** As node:zlib: a write in progress at destroy() gets its callback after destroy()'s events. */
  private callAfterDestroy(done: Done): void {
    this.resource.runInAsyncScope(setImmediate, undefined, done);
    this.resource.emitDestroy();
  }

  /** Runs advance(), and again if a callback or a listener asked for it meanwhile. */
  protected step(): void {
    if (this.advancing) {
      this.again = true;
      return;
    }
    this.advancing = true;
    try {
      do {
        this.again = false;
        if (!this.closed) this.advance();
      } while (this.again);
    } finally {
      this.advancing = false;
      // A listener threw: what waits goes on without it.
      if (this.again) this.goOnLater();
    }
  }

  /** advance() again in a turn of its own. */
  protected goOnLater(): void {
    setImmediate(() => this.onNativeReady());
  }

  /** Pushes one chunk of output; notes when the consumer wants no more. */
  protected push(chunk: Buffer | null): void {
    if (chunk === null) this.ended = true;
    this.pushing = true;
    try {
      this.blocked = !this.stream.push(chunk) && !this.ended;
    } finally {
      this.pushing = false;
      this.callOrphan();
    }
    if (this.blocked && !this.closed) this.hookRead();
  }

  /** As node:zlib, which finds the stream closed when the listeners are done: before its events. */
  private callOrphan(): void {
    const { orphan } = this;
    if (!orphan) return;
    this.orphan = null;
    this.resource.runInAsyncScope(orphan);
    this.resource.emitDestroy();
  }

  /**
   * Waits for the next _read(). As in node:zlib a property of the stream for that one call, so
   * that a _read() of the user's which never reaches ours stops nothing.
   */
  private hookRead(): void {
    if (this.hooked) return;
    this.hooked = true;
    const { stream } = this;
    const own = Object.getOwnPropertyDescriptor(stream, '_read');
    const value = (size: number) => {
      this.hooked = false;
      if (own) Object.defineProperty(stream, '_read', own);
      else Reflect.deleteProperty(stream, '_read');
      try {
        stream._read(size);
      } finally {
        this.onRead();
        if (this.blocked && !this.closed) this.hookRead();
      }
    };
    const property = { value, writable: true, enumerable: false, configurable: true };
    Object.defineProperty(stream, '_read', property);
  }

  /** Whether what was not taken of the chunk is gone: the stream fails, where node:zlib ends the process. */
  protected chunkIsLost({ chunk, size, offset }: Task): boolean {
    if (offset === size || chunk.byteLength >= size) return false;
    this.failLater(chunkLost(offset, size));
    return true;
  }

  /** The same in a turn of its own: who writes or reads just now is not surprised by it. */
  protected failLater(error: Error): void {
    this.task = null;
    if (this.failing) return;
    this.failing = true;
    this.resource.runInAsyncScope(setImmediate, undefined, () => this.failWith(error));
  }

  /** Destroys the stream. As in node:zlib nobody hears of the chunk in progress any more. */
  protected failWith(error: Error): void {
    this.task = null;
    failStream(this.stream, error);
  }

  /** A write that was taken in process() is called back: now its bytes count. */
  protected count(): void {}

  protected finishTask(): void {
    const task = this.task;
    this.task = null;
    // Never inside process(): until its callback a write counts as buffered (writableLength).
    if (!task) return;
    if (!this.processing) {
      task.done();
      return;
    }
    this.calling = true;
    this.resource.runInAsyncScope(nextTick, undefined, () => {
      this.calling = false;
      if (this.closed) {
        this.callAfterDestroy(task.done);
        return;
      }
      this.count();
      task.done();
    });
  }
}
