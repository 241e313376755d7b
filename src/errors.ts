// Errors with the codes and messages that node:zlib uses.
import { nodeZlib } from './node-zlib.js';

// Missing from @types/node.
const { codes } = nodeZlib as unknown as { codes: Record<number, string | undefined> };

type ErrorClass = new (message: string) => Error;

/** A class whose errors print and compare like Node's own coded errors. */
function coded(Base: ErrorClass, code: string): ErrorClass {
  class CodedError extends Base {
    code = code;

    constructor(message: string) {
      super(message);
      // Node puts the code into the stack's first line and nowhere else.
      const stack = this.stack?.replace(Base.name, `${Base.name} [${code}]`);
      Object.defineProperty(this, 'stack', { value: stack, configurable: true, writable: true });
    }

    override toString(): string {
      return `${this.name} [${code}]: ${this.message}`;
    }
  }
  return Object.defineProperty(CodedError, 'name', { value: Base.name });
}

const BufferTooLarge = coded(RangeError, 'ERR_BUFFER_TOO_LARGE');
const InvalidChunk = coded(TypeError, 'ERR_INVALID_ARG_TYPE');
const InvalidState = coded(Error, 'ERR_INVALID_STATE');
const TrailingJunk = coded(TypeError, 'ERR_TRAILING_JUNK_AFTER_STREAM_END');

/** ERR_BUFFER_TOO_LARGE, for output beyond maxOutputLength (bytes). */
export function bufferTooLarge(maxOutputLength: number): Error {
  return new BufferTooLarge(`Cannot create a Buffer larger than ${maxOutputLength} bytes`);
}

/** For a string in the place of bytes: of a stream made with `decodeStrings: false`. */
export function stringChunk(chunk: string): Error {
  const start = JSON.stringify(chunk.slice(0, 20));
  return new InvalidChunk(
    `The "chunk" argument must be an instance of Buffer, TypedArray or DataView. Received a string of ${chunk.length} characters, ${start}: make the stream without decodeStrings: false, or write Buffer.from() of it`,
  );
}

/** For rejectGarbageAfterEnd. */
export function trailingJunk(): Error {
  return new TrailingJunk('Trailing junk found after the end of the compressed stream');
}

/** For a chunk whose memory went to another thread, or shrank, after `taken` of its `size` bytes. */
export function chunkLost(taken: number, size: number): Error {
  return new InvalidState(
    `Invalid state: a chunk was transferred or shrunk when ${taken} of its ${size} bytes were taken`,
  );
}

/** An error of the stream itself, as Node makes it from zlib's return code and message. */
export function zlibError(errno: number, message: string): Error {
  const name = codes[errno] ?? 'Z_ERRNO';
  return Object.assign(new Error(message), { errno, code: name });
}
