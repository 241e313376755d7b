// Errors with the codes and messages that node:zlib uses.
import * as nodeZlib from 'node:zlib';

// Missing from @types/node.
const { codes } = nodeZlib as unknown as { codes: Record<number, string | undefined> };

type ErrorClass = new (message: string) => Error;

/** An error that prints and compares like Node's own coded errors. */
export function codedError(Base: ErrorClass, code: string, message: string): Error {
  const error = new Base(message);
  Object.defineProperties(error, {
    // Node puts the code into the stack's first line and nowhere else.
    stack: {
      value: error.stack?.replace(error.name, `${error.name} [${code}]`),
      configurable: true,
      writable: true,
    },
    toString: {
      value: () => `${error.name} [${code}]: ${message}`,
      configurable: true,
      writable: true,
      enumerable: false,
    },
    code: { value: code, configurable: true, enumerable: true, writable: true },
  });
  return error;
}

/** ERR_BUFFER_TOO_LARGE, for output beyond maxOutputLength (bytes). */
export function bufferTooLarge(maxOutputLength: number): Error {
  return codedError(
    RangeError,
    'ERR_BUFFER_TOO_LARGE',
    `Cannot create a Buffer larger than ${maxOutputLength} bytes`,
  );
}

/** For rejectGarbageAfterEnd. */
export function trailingJunk(): Error {
  return codedError(
    TypeError,
    'ERR_TRAILING_JUNK_AFTER_STREAM_END',
    'Trailing junk found after the end of the compressed stream',
  );
}

/** An error of the stream itself, as Node makes it from zlib's return code and message. */
export function zlibError(errno: number, message: string): Error {
  const name = codes[errno] ?? 'Z_ERRNO';
  return Object.assign(new Error(message), { errno, code: name });
}
