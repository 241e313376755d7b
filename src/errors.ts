// Errors with the codes and messages that node:zlib uses.
import { inspect } from 'node:util';
import { nodeZlib } from './node-zlib.js';

// Missing from @types/node.
const { codes } = nodeZlib as unknown as { codes: Record<number, string | undefined> };

type MakeError = (message: string) => Error;
type ErrorClass = new (message: string) => Error;

/** The mark on Node's own coded errors: Node writes the code into the stack of what has it. */
function markOfNode(): symbol {
  try {
    nodeZlib.gzipSync(0 as unknown as string);
  } catch (error) {
    const [mark] = Object.getOwnPropertySymbols(Object.getPrototypeOf(error));
    if (mark) return mark;
  }
  return Symbol('kIsNodeError');
}

/** A class whose errors print and compare like Node's own coded errors. */
function makeClass(Base: ErrorClass, code: string): ErrorClass {
  class CodedError extends Base {
    code = code;

    constructor(message: string) {
      super(message);
      Error.captureStackTrace(this);
    }

    override toString(): string {
      return `${this.name} [${code}]: ${this.message}`;
    }

    get [markOfNode()](): boolean {
      return true;
    }
  }
  Object.defineProperty(CodedError.prototype, 'constructor', { get: () => Base });
  return CodedError;
}

/** Makes errors of `code`; the class only when there is one to make. */
function coded(Base: ErrorClass, code: string): MakeError {
  let Class: ErrorClass | undefined;
  return (message) => {
    Class ??= makeClass(Base, code);
    return new Class(message);
  };
}

const newBufferTooLarge = coded(RangeError, 'ERR_BUFFER_TOO_LARGE');
const newInvalidArgType = coded(TypeError, 'ERR_INVALID_ARG_TYPE');
const newInvalidArgValue = coded(RangeError, 'ERR_INVALID_ARG_VALUE');
const newInvalidState = coded(Error, 'ERR_INVALID_STATE');
const newOutOfRange = coded(RangeError, 'ERR_OUT_OF_RANGE');
const newTrailingJunk = coded(TypeError, 'ERR_TRAILING_JUNK_AFTER_STREAM_END');

/** `inspect()`, short enough for a message. */
function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

function received(value: unknown): string {
  if (value === undefined || value === null) return `${value}`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object') return `type ${typeof value} (${shown(value)})`;
  const name = value.constructor?.name;
  return name ? `an instance of ${name}` : shown(value);
}

/** ERR_INVALID_ARG_TYPE in Node's words. `name`: an argument, or `argument.property`. */
export function invalidArgType(name: string, expected: string, value: unknown): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  return newInvalidArgType(
    `The "${name}" ${kind} must be of type ${expected}. Received ${received(value)}`,
  );
}

/** ERR_INVALID_ARG_VALUE in Node's words; `reason` is a predicate. */
export function invalidArgValue(name: string, value: unknown, reason: string): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  return newInvalidArgValue(`The ${kind} '${name}' ${reason}. Received ${shown(value)}`);
}

/** ERR_OUT_OF_RANGE in Node's words. */
export function outOfRange(name: string, range: string, value: unknown): Error {
  return newOutOfRange(
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown(value)}`,
  );
}

/** ERR_BUFFER_TOO_LARGE, for output beyond maxOutputLength (bytes). */
export function bufferTooLarge(maxOutputLength: number): Error {
  return newBufferTooLarge(`Cannot create a Buffer larger than ${maxOutputLength} bytes`);
}

/** For a string in the place of bytes: of a stream made with `decodeStrings: false`. */
export function stringChunk(chunk: string): Error {
  const start = JSON.stringify(chunk.slice(0, 20));
  return newInvalidArgType(
    `The "chunk" argument must be an instance of Buffer, TypedArray or DataView. Received a string of ${chunk.length} characters, ${start}: make the stream without decodeStrings: false, or write Buffer.from() of it`,
  );
}

/** For rejectGarbageAfterEnd. */
export function trailingJunk(): Error {
  return newTrailingJunk('Trailing junk found after the end of the compressed stream');
}

/** For a chunk whose memory went to another thread, or shrank, after `taken` of its `size` bytes. */
export function chunkLost(taken: number, size: number): Error {
  return newInvalidState(
    `Invalid state: a chunk was transferred or shrunk when ${taken} of its ${size} bytes were taken`,
  );
}

/** An error of the stream itself, as Node makes it from zlib's return code and message. */
export function zlibError(errno: number, message: string): Error {
  const name = codes[errno] ?? 'Z_ERRNO';
  return Object.assign(new Error(message), { errno, code: name });
}

export function isOfZlib(error: Error): boolean {
  return 'errno' in error;
}
