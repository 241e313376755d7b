// Decompression behind a stream: one native step at a time, input gathered meanwhile.
import {
  addon,
  type DecompressSession,
  Scratch,
  Status,
  scheduleKick,
  scratch,
} from '../binding.js';
import { Z_BLOCK, Z_DEFAULT_CHUNK, Z_MEM_ERROR, Z_NO_FLUSH } from '../constants.js';
import { bufferTooLarge, trailingJunk, zlibError } from '../errors.js';
import { nextTick, setImmediate } from '../later.js';
import { streamMaking } from '../node-zlib.js';
import { EngineBase } from './engine.js';
import { nativeFormat } from './native-params.js';

const OUT_OF_MEMORY: [number, string] = [Z_MEM_ERROR, 'Zlib error'];

/**
 * Output buffers grow to this many bytes as long as steps fill them. Larger ones are collected later:
 * with 256 KiB Node 24 held 66 MB of them.
 */
const MAX_OUTPUT = 128 * 1024;

export class DecompressEngine extends EngineBase {
  private session: DecompressSession | null = null;
  private stepping = false;
  /** The last step filled its output: there may be more where that came from. */
  private more = false;
  /** The task's flush kind went into a step that used up all input. */
  private flushing = false;
  private flushed = false;
  private discardStep = false;
  /** The stream failed, after this much more output. */
  private lastOutput: Buffer | null = null;
  /** Waits for the next turn of the event loop. */
  private waiting = false;
  private whenIdle: (() => void) | null = null;
  private output: Buffer | null = null;
  /** Bytes at the start of `output` that node:zlib would not hand over yet. */
  private held = 0;
  /** How often the stream was reset: a listener may do that amid its output. */
  private restarts = 0;
  /** Input bytes that node:zlib would not count yet. */
  private uncounted = 0;
  /** Bytes put out since the last multiple of node:zlib's output buffer. */
  private phase = 0;
  private outputSize = this.options.chunkSizeGiven
    ? Math.trunc(this.options.chunkSize)
    : Z_DEFAULT_CHUNK;

  private open(): DecompressSession {
    if (this.session) return this.session;
    const { windowBits, memLevel, strategy, dictionary, device } = this.options;
    this.session = new addon.DecompressSession(
      nativeFormat(this.mode),
      0,
      windowBits,
      memLevel,
      strategy,
      dictionary,
      device,
      Math.trunc(this.options.chunkSize),
      this.options.rejectGarbageAfterEnd,
    );
    this.session.owner = this;
    return this.session;
  }

  protected advance(): void {
    const session = this.open();
    session.poll();
    const stepped = this.stepping && scratch[Scratch.Settled] === 1;
    if (this.stepping) {
      // Not inside write(): what follows from the result comes in a turn of its own.
      if (stepped && this.processing) {
        this.goOnLater();
        return;
      }
      if (stepped) this.takeResult(session);
      if (this.closed) return;
    }
    if (this.lastOutput) {
      if (!this.blocked && !this.waiting) this.failAfterOutput(session, this.lastOutput);
      return;
    }
    this.feed(session);
    if (this.whenIdle && !this.closed && this.idle(session)) {
      const done = this.whenIdle;
      this.whenIdle = null;
      // node:stream delays the callback of a write in which the stream ended: 'end' comes first.
      if (stepped && this.ended) nextTick(done);
      else done();
    }
    if (!this.closed && !this.stepping && !this.blocked) this.maybeStep(session);
  }

  /**
   * Gives the task's chunk to the session. Who gave a callback hears when the chunk was processed
   * and its output pushed, as with node:zlib; else there is room for more before that.
   */
  private feed(session: DecompressSession): void {
    const { task } = this;
    if (!task) return;
    if (this.chunkIsLost(task)) return;
    const { size } = task;
    if (task.offset < size) {
      const taken = session.write(task.chunk, task.offset);
      task.offset += taken;
      if (task.offset < size) {
        if (!this.stepping && session.error()) this.fail(session);
        return;
      }
    }
    if (task.kind === Z_NO_FLUSH && size > 0) {
      const idle = this.idle(session);
      if (idle || (task.early && scratch[Scratch.Room] === 1)) this.finishTask();
    } else if (this.flushed || (task.kind === Z_NO_FLUSH && this.idle(session))) {
      this.flushed = false;
      this.finishTask();
    }
  }

  private idle(session: DecompressSession): boolean {
    return !this.stepping && !this.more && this.unused(session) === 0;
  }

  private maybeStep(session: DecompressSession): void {
    const { task } = this;
    session.poll();
    const fed = task !== null && task.offset === task.size;
    // Z_BLOCK is no flush at the end of the chunk: decoding stops wherever a block ends.
    const due = fed || task?.kind === Z_BLOCK;
    const flushDue = task !== null && due && task.kind !== Z_NO_FLUSH && !this.flushed;
    if (scratch[Scratch.Pending] === 0 && !flushDue && !this.more) return;
    this.flushing = flushDue;
    const output = this.outputRoom();
    // A flush without data is a call of its own in node:zlib, after those of the data.
    const apart = flushDue && task.size === 0;
    if (!session.step(output.subarray(this.held), flushDue ? task.kind : Z_NO_FLUSH, apart)) {
      this.fail(session);
      return;
    }
    this.stepping = true;
    scheduleKick();
  }

  private outputRoom(): Buffer {
    this.output ??= Buffer.allocUnsafeSlow(this.outputSize);
    return this.output;
  }

  private takeResult(session: DecompressSession): void {
    this.stepping = false;
    const status = scratch[Scratch.Status];
    const produced = scratch[Scratch.Produced] ?? 0;
    const pending = scratch[Scratch.Pending] ?? 0;
    const left = scratch[Scratch.Left] ?? 0;
    const inside = scratch[Scratch.Inside] === 1 && status === Status.Ok;
    const consumed = scratch[Scratch.Consumed] ?? 0;
    if (this.discardStep) {
      this.discardStep = false;
      this.restart(session);
      return;
    }
    if (session.error()) {
      this.countFailed(consumed);
      // A mark that was passed without more output still lets go of what is held.
      this.lastOutput = this.takeOutput(produced || consumed > 0 ? this.held + produced : 0);
      this.waitATurn();
      return;
    }
    this.more = status === Status.OutputFull;
    this.phase = (this.phase + produced) % Math.trunc(this.options.chunkSize);
    this.uncounted += consumed;
    const { restarts } = this;
    this.pushOutput(produced, inside, status === Status.OutputFull);
    // An idle stream keeps no output buffer.
    if (pending === 0 && status !== Status.OutputFull && this.held === 0) this.output = null;
    if (this.closed || restarts !== this.restarts || status === Status.OutputFull) return;
    if (left !== 0) this.endEarly(session);
    const { task } = this;
    const fed = task === null || task.offset === task.size;
    if (this.flushing && fed && !this.closed) this.flushed = this.unused(session) === 0;
  }

  private unused(session: DecompressSession): number {
    session.poll();
    return scratch[Scratch.Pending] ?? 0;
  }

  /** The stream ended inside a write. What follows it there is ignored; a later write is not. */
  private endEarly(session: DecompressSession): void {
    const { task } = this;
    if (!session.dropRestOfWrite() && task) task.offset = task.size;
    if (!this.rejectsGarbage()) {
      this.push(null);
      // Output of a later write is pushed after EOF: what was used by then is used for the first
      // buffer of node:zlib's size.
      if (this.held === 0) {
        this.output = null;
        this.outputSize = Math.trunc(this.options.chunkSize);
      }
      return;
    }
    const error = trailingJunk();
    this.failWith(error);
    task?.done(error);
  }

  private rejectsGarbage(): boolean {
    const { fields } = streamMaking();
    return fields.has('_rejectGarbageAfterEnd') && this.stream._rejectGarbageAfterEnd === true;
  }

  /**
   * Output of the last step. The consumer may do with it what it likes, even transfer it to
   * another thread: no step ever writes into memory that was given away.
   */
  private takeOutput(produced: number): Buffer {
    const { output } = this;
    if (!output) return Buffer.alloc(0);
    const part = output.subarray(0, produced);
    if (2 * produced < output.byteLength) return Buffer.from(part);
    this.output = null;
    return part;
  }

  /** Of a step that failed. Less than nothing, if hardware had used more than node:zlib would have. */
  private countFailed(consumed: number): void {
    if (consumed > 0) this.stream.bytesWritten += this.uncounted + consumed;
    else if (this.uncounted === 0) this.stream.bytesWritten += consumed;
  }

  private countInput(): void {
    this.stream.bytesWritten += this.uncounted;
    this.uncounted = 0;
  }

  /**
   * Inside a write (it was too long to be taken at once) node:zlib hands over full buffers only,
   * and what is in the last one is lost if the rest of the write has an error. Input is counted
   * before its output is pushed: listeners of 'data' compare the two.
   * @param produced bytes that this step added to those held
   */
  private pushOutput(produced: number, inside: boolean, full: boolean): void {
    const total = this.held + produced;
    this.held = 0;
    const tail = inside ? Math.min(this.phase, total) : 0;
    const kept = tail > 0 ? this.output?.subarray(total - tail, total) : undefined;
    const chunk = total > 0 ? this.takeOutput(total - tail) : Buffer.alloc(0);
    if (kept) this.hold(kept);
    if (this.held === 0 || this.held < produced) this.countInput();
    if (chunk.byteLength === 0) return;
    if (full && !this.options.chunkSizeGiven) {
      this.outputSize = Math.min(2 * this.outputSize, MAX_OUTPUT);
    }
    this.push(chunk);
  }

  private hold(bytes: Buffer): void {
    if (this.output) {
      this.output.copyWithin(0, bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    } else {
      this.outputRoom().set(bytes);
    }
    this.held = bytes.byteLength;
  }

  /**
   * Output before an error reaches the consumer first, in chunks of node:zlib's size, at the
   * consumer's pace, and in turns of their own: destroying the stream drops what is still buffered.
   */
  private failAfterOutput(session: DecompressSession, output: Buffer): void {
    if (output.byteLength === 0) {
      this.fail(session);
      return;
    }
    const unit = Math.trunc(this.options.chunkSize);
    this.lastOutput = output.subarray(unit);
    // A copy: the consumer may transfer it to another thread.
    this.push(Buffer.from(output.subarray(0, unit)));
    this.waitATurn();
  }

  private waitATurn(): void {
    this.waiting = true;
    setImmediate(() => {
      this.waiting = false;
      this.onNativeReady();
    });
  }

  private fail(session: DecompressSession): void {
    this.failWith(zlibError(...(session.error() ?? OUT_OF_MEMORY)));
  }

  processSync(chunk: ArrayBufferView, kind: number): Buffer {
    const session = this.open();
    const most = Number(this.stream._maxOutputLength);
    const output = session.runSync(chunk, kind, most);
    if (output === null) throw bufferTooLarge(most);
    if (output === undefined) throw zlibError(...(session.error() ?? OUT_OF_MEMORY));
    const consumed = scratch[Scratch.Consumed] ?? 0;
    const { rejectGarbageAfterEnd } = this.options;
    if (rejectGarbageAfterEnd && consumed < chunk.byteLength) throw trailingJunk();
    this.stream.bytesWritten = consumed;
    return output;
  }

  protected override get inFlight(): boolean {
    return this.stepping;
  }

  override onRead(): void {
    // Never destroyed inside read(): who reads gets all that there is first.
    if (this.lastOutput && this.blocked) this.waitATurn();
    super.onRead();
  }

  override whenProcessed(done: () => void): void {
    this.whenIdle = done;
    this.step();
  }

  params(): void {
    // node:zlib accepts the call and zlib ignores it for decompression.
  }

  protected restartStream(): void {
    if (!this.session) return;
    if (this.stepping) {
      this.discardStep = true;
    } else {
      this.restart(this.session);
    }
  }

  private restart(session: DecompressSession): void {
    session.reset();
    this.restarts++;
    this.lastOutput = null;
    this.flushed = false;
    this.more = false;
  }

  protected release(): void {
    this.output = null;
    this.session?.close();
    this.session = null;
  }
}
