// The Transform that the streams are built on: the running Node's, because a stream of this
// package has to be everything a stream of node:zlib is there (docs/architecture.md, "Streams").
// WARPDRIVE_STREAMS=readable-stream builds on that package instead, for those who want the same
// stream behaviour on every Node; they install it themselves.
import * as nodeStream from 'node:stream';

function readableStream(): typeof nodeStream {
  try {
    // Directly in a try: bundlers then know that the package may be missing.
    return require('readable-stream') as typeof nodeStream;
  } catch (cause) {
    throw new Error(
      `WARPDRIVE_STREAMS=readable-stream: that package does not load (${(cause as Error).message}). ` +
        'Install it with "npm install readable-stream", or unset WARPDRIVE_STREAMS.',
      { cause },
    );
  }
}

function choose(): typeof nodeStream.Transform {
  const wanted = process.env.WARPDRIVE_STREAMS;
  if (wanted === undefined || wanted === '' || wanted === 'node') return nodeStream.Transform;
  if (wanted === 'readable-stream') return readableStream().Transform;
  throw new RangeError(`WARPDRIVE_STREAMS must be 'node' or 'readable-stream', not '${wanted}'`);
}

export const Transform = choose();
export type Transform = nodeStream.Transform;

interface WriteState {
  writing?: boolean;
  writecb?: unknown;
}

/** The callback of the write in progress; undefined if there is none, or Node hides it. */
function keptCallback(stream: object): unknown {
  const { _writableState: state } = stream as { _writableState?: WriteState };
  return state?.writing ? state.writecb : undefined;
}

let noCallback: unknown;

/** What a stream keeps as callback of a write that was given none. */
function learnNoCallback(): unknown {
  let kept: unknown;
  const stream = new Transform({
    transform(_chunk, _encoding, done) {
      kept = keptCallback(this);
      done();
    },
  });
  stream.write('x');
  stream.destroy();
  return kept;
}

/** Whether somebody waits for the callback of the write in progress; true where that is unknown. */
export function hasCallback(stream: object): boolean {
  const callback = keptCallback(stream);
  if (callback === undefined) return true;
  noCallback ??= learnNoCallback();
  return callback !== noCallback;
}
