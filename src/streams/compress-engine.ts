// Compression behind a stream: feeds the native session, pushes what comes out.
import { addon, type CompressSession, Scratch, Status, scheduleKick, scratch } from '../binding.js';
import {
  Mode,
  Z_BUF_ERROR,
  Z_FINISH,
  Z_MEM_ERROR,
  Z_NO_FLUSH,
  Z_STREAM_ERROR,
} from '../constants.js';
import { bufferTooLarge, zlibError } from '../errors.js';
import { setImmediate } from '../later.js';
import { EngineBase } from './engine.js';
import { nativeFormat, nativeLevel } from './native-params.js';

/** Bytes per chunk pushed when the caller did not say: few pushes, no huge buffers. */
const READ_SIZE = 256 * 1024;

export class CompressEngine extends EngineBase {
  private session: CompressSession | null = null;
  private level = this.options.level;
  private strategy = this.options.strategy;
  /** Output read from the session and not pushed yet: chunkSize can be small. */
  private spill: Buffer | null = null;
  private flushed = false;
  private finished = false;
  private headerSent = false;
  /** Input bytes that node:zlib would not count yet. */
  private uncounted = 0;

  private open(): CompressSession {
    if (this.session) return this.session;
    const { windowBits, memLevel, dictionary, device } = this.options;
    this.session = new addon.CompressSession(
      nativeFormat(this.mode),
      nativeLevel(this.level),
      windowBits,
      memLevel,
      this.strategy,
      dictionary,
      device,
    );
    this.session.owner = this;
    return this.session;
  }

  protected advance(): void {
    const session = this.open();
    // Before output is pushed: listeners compare the two.
    if (!this.processing) this.count();
    session.poll();
    this.pushOutput(session);
    const { task } = this;
    if (!task || this.closed || this.failed() || this.chunkIsLost(task)) return;
    if (this.finished && !this.flushed && this.refuse(task)) return;
    if (task.offset < task.size || (task.size === 0 && !task.kind)) {
      const taken = session.write(task.chunk, task.offset);
      task.offset += taken;
      this.uncounted += taken;
      if (!this.processing) this.count();
      scheduleKick();
      if (this.failed() || task.offset < task.size) return;
    }
    if (task.kind === Z_NO_FLUSH) {
      if (scratch[Scratch.Room] !== 1 && scratch[Scratch.Settled] !== 1) return;
      if (task.size === 0 && !this.showHeader(session)) return;
      this.completeTask();
      this.scheduleHeader();
      return;
    }
    if (!this.flushed) {
      this.flushed = session.flush(task.kind);
      scheduleKick();
      if (!this.flushed) return;
      if (task.kind === Z_FINISH) this.finished = true;
    }
    this.pushOutput(session);
    if (this.closed || this.failed()) return;
    if (scratch[Scratch.Settled] !== 1) return;
    // Inside process(): it was so small, or so little to flush, that it is done already.
    if (this.processing) this.goOnLater();
    else if (scratch[Scratch.Readable] === 0 && !this.spill) this.completeTask();
  }

  /** After flush(Z_FINISH) zlib takes nothing more; what node:zlib does then depends on the call. */
  private refuse({ size, kind }: { size: number; kind: number }): boolean {
    const { writableEnded, _finishFlushFlag } = this.stream;
    const finishes = kind === Z_FINISH || (writableEnded && _finishFlushFlag === Z_FINISH);
    if (finishes && size === 0) return false;
    if (kind === Z_FINISH) this.failLater(zlibError(Z_BUF_ERROR, 'buffer error'));
    else this.failLater(zlibError(Z_STREAM_ERROR, 'stream error'));
    return true;
  }

  /**
   * As with node:zlib the header goes out at the first write, not only with the first block; but
   * not if the stream is ended in the same turn, since it then comes with all the rest.
   */
  private scheduleHeader(): void {
    if (this.headerSent) return;
    this.headerSent = true;
    setImmediate(() => {
      if (this.closed || this.stream.writableEnded) return;
      this.session?.startOutput();
      this.onNativeReady();
    });
  }

  /** A flush that flushes nothing still gets the header out. False: in a later turn. */
  private showHeader(session: CompressSession): boolean {
    if (this.processing) {
      this.goOnLater();
      return false;
    }
    session.startOutput();
    session.poll();
    this.pushOutput(session);
    return !this.closed;
  }

  protected override count(): void {
    this.stream.bytesWritten += this.uncounted;
    this.uncounted = 0;
  }

  private completeTask(): void {
    this.flushed = false;
    this.finishTask();
  }

  /** Pushes finished output while the consumer takes it. */
  private pushOutput(session: CompressSession): void {
    const { chunkSize, chunkSizeGiven } = this.options;
    const most = chunkSizeGiven ? Math.trunc(chunkSize) : READ_SIZE;
    while (!this.blocked && !this.closed && !this.processing) {
      if (!this.spill) {
        if (scratch[Scratch.Readable] === 0) return;
        const output = session.read(Math.max(most, READ_SIZE));
        session.poll();
        this.spill = output;
      }
      const output = this.spill;
      this.spill = output.byteLength > most ? output.subarray(most) : null;
      // A copy, as long as there is more: the consumer may transfer what it gets to another thread.
      this.push(this.spill ? Buffer.from(output.subarray(0, most)) : output);
      if (this.closed) return;
      // Listeners ran: other sessions may have used the scratch numbers.
      session.poll();
      // A consumer that paused (node's web streams do) is not given more in the same turn.
      if (this.stream.readableFlowing === false) {
        this.goOnLater();
        return;
      }
    }
  }

  private failed(): boolean {
    if (scratch[Scratch.Status] === Status.Ok) return false;
    this.failLater(zlibError(Z_MEM_ERROR, 'Zlib error'));
    return true;
  }

  processSync(chunk: ArrayBufferView, kind: number): Buffer {
    this.synchronous = true;
    const session = this.open();
    session.startOutput();
    const output = session.runSync(chunk, kind);
    if (scratch[Scratch.Status] !== Status.Ok) throw zlibError(Z_MEM_ERROR, 'Zlib error');
    const most = Number(this.stream._maxOutputLength);
    if (output.byteLength > most) throw bufferTooLarge(most);
    this.stream.bytesWritten = chunk.byteLength - (scratch[Scratch.Pending] ?? 0);
    return output;
  }

  params(level: number, strategy: number): void {
    // zlib flushes before it changes what has effect, and a finished stream cannot be flushed.
    if (this.finished && this.mode !== Mode.Gzip) {
      this.failWith(zlibError(Z_STREAM_ERROR, 'stream error'));
      return;
    }
    this.level = level;
    this.strategy = strategy;
    // params() lets undefined pass, which the native side of node:zlib takes for 0.
    this.session?.setParams(nativeLevel(level | 0), strategy | 0);
  }

  protected restartStream(): void {
    this.spill = null;
    this.headerSent = false;
    this.finished = false;
    this.session?.reset();
  }

  protected release(): void {
    this.spill = null;
    this.session?.close();
    this.session = null;
  }
}
