// Compression behind a stream: feeds the native session, pushes what comes out.
import { addon, type CompressSession, Scratch, Status, scheduleKick, scratch } from '../binding.js';
import { Mode, Z_MEM_ERROR, Z_NO_FLUSH } from '../constants.js';
import { bufferTooLarge, zlibError } from '../errors.js';
import { EngineBase } from './engine.js';
import { nativeFormat, resolveLevel } from './native-params.js';

/** Bytes per chunk pushed when the caller did not say: few pushes, no huge buffers. */
const READ_SIZE = 256 * 1024;

export class CompressEngine extends EngineBase {
  private session: CompressSession | null = null;
  private level = this.options.level;
  private strategy = this.options.strategy;
  /** Output read from the session and not pushed yet: chunkSize can be small. */
  private spill: Buffer | null = null;
  private flushed = false;

  constructor(
    private readonly mode: Mode,
    ...rest: ConstructorParameters<typeof EngineBase>
  ) {
    super(...rest);
  }

  private open(): CompressSession {
    if (this.session) return this.session;
    const { windowBits, memLevel, dictionary } = this.options;
    this.session = new addon.CompressSession(
      nativeFormat(this.mode),
      resolveLevel(this.level),
      windowBits,
      memLevel,
      this.strategy,
      dictionary,
    );
    this.session.owner = this;
    return this.session;
  }

  protected advance(): void {
    const session = this.open();
    session.poll();
    this.pushOutput(session);
    const { task } = this;
    if (!task || this.closed || this.failed()) return;
    if (task.offset < task.chunk.byteLength) {
      const taken = session.write(task.chunk, task.offset);
      task.offset += taken;
      this.stream.bytesWritten += taken;
      scheduleKick();
      if (task.offset < task.chunk.byteLength) return;
    }
    if (task.kind === Z_NO_FLUSH) {
      if (scratch[Scratch.Room] === 1 || scratch[Scratch.Settled] === 1) this.completeTask();
      return;
    }
    if (!this.flushed) {
      this.flushed = session.flush(task.kind);
      scheduleKick();
      if (!this.flushed) return;
    }
    this.pushOutput(session);
    if (this.closed || this.failed()) return;
    if (scratch[Scratch.Settled] === 1 && scratch[Scratch.Readable] === 0 && !this.spill) {
      this.completeTask();
    }
  }

  private completeTask(): void {
    this.flushed = false;
    this.finishTask();
  }

  /** Pushes finished output while the consumer takes it. */
  private pushOutput(session: CompressSession): void {
    const { chunkSize, chunkSizeGiven } = this.options;
    const most = chunkSizeGiven ? Math.trunc(chunkSize) : READ_SIZE;
    while (!this.blocked && !this.closed) {
      if (!this.spill) {
        if (scratch[Scratch.Readable] === 0) return;
        const output = session.read(Math.max(most, READ_SIZE));
        session.poll();
        this.spill = output;
      }
      const output = this.spill;
      this.spill = output.byteLength > most ? output.subarray(most) : null;
      this.push(output.byteLength > most ? output.subarray(0, most) : output);
      // Listeners ran: other sessions may have used the scratch numbers.
      if (!this.closed) session.poll();
    }
  }

  private failed(): boolean {
    if (scratch[Scratch.Status] === Status.Ok) return false;
    this.stream.destroy(zlibError(Z_MEM_ERROR, 'Zlib error'));
    return true;
  }

  processSync(chunk: ArrayBufferView, kind: number): Buffer {
    const output = this.open().runSync(chunk, kind);
    if (scratch[Scratch.Status] !== Status.Ok) throw zlibError(Z_MEM_ERROR, 'Zlib error');
    this.stream.bytesWritten = chunk.byteLength - (scratch[Scratch.Pending] ?? 0);
    if (output.byteLength > this.options.maxOutputLength) {
      throw bufferTooLarge(this.options.maxOutputLength);
    }
    return output;
  }

  params(level: number, strategy: number): void {
    this.level = level;
    this.strategy = strategy;
    this.session?.setParams(resolveLevel(level), strategy);
  }

  reset(): void {
    this.spill = null;
    this.session?.reset();
  }

  protected release(): void {
    this.spill = null;
    this.session?.close();
    this.session = null;
  }
}
