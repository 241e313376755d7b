// One-call functions that return promises, of whichever zlib is in use.
import type { Input } from './convenience.js';
import { nodeZlib } from './node-zlib.js';
import type { Options } from './options.js';

/** A one-call function that returns a promise; with `info` as zlib's own functions have it. */
export interface PromiseForm {
  (input: Input, options?: Options & { info?: false }): Promise<Buffer>;
  (input: Input, options: Options & { info: true }): Promise<{ buffer: Buffer; engine: unknown }>;
}

type Callback = (error: Error | null, result?: unknown) => void;
// `never`: both node:zlib's functions and this package's fit.
type AsyncForm = (input: never, options: never, callback: never) => void;

function promiseForm(form: AsyncForm): PromiseForm {
  const start = form as (input: Input, options: Options, callback: Callback) => void;
  const run = async (input: Input, options: Options = {}) => {
    // The callback forms take that for an empty input; the synchronous ones refuse it.
    if (input === undefined || input === null) nodeZlib.gzipSync(input);
    return new Promise((resolve, reject) => {
      start(input, options, (error, result) => (error ? reject(error) : resolve(result)));
    });
  };
  return run as PromiseForm;
}

type Name = 'deflate' | 'inflate' | 'gzip' | 'gunzip' | 'deflateRaw' | 'inflateRaw' | 'unzip';

export function promiseForms(forms: Record<Name, AsyncForm>): Record<Name, PromiseForm> {
  return {
    deflate: promiseForm(forms.deflate),
    inflate: promiseForm(forms.inflate),
    gzip: promiseForm(forms.gzip),
    gunzip: promiseForm(forms.gunzip),
    deflateRaw: promiseForm(forms.deflateRaw),
    inflateRaw: promiseForm(forms.inflateRaw),
    unzip: promiseForm(forms.unzip),
  };
}
