// The Transform that the streams are built on: the running Node's, because a stream of this
// package has to be everything a stream of node:zlib is there (docs/architecture.md, "Streams").
// WARPDRIVE_STREAMS=readable-stream builds on that package instead, for those who want the same
// stream behaviour on every Node; they install it themselves.
import * as nodeStream from 'node:stream';

function choose(): typeof nodeStream.Transform {
  const wanted = process.env.WARPDRIVE_STREAMS;
  if (wanted === undefined || wanted === '' || wanted === 'node') return nodeStream.Transform;
  if (wanted === 'readable-stream') {
    return (require('readable-stream') as typeof nodeStream).Transform;
  }
  throw new RangeError(`WARPDRIVE_STREAMS must be 'node' or 'readable-stream', not '${wanted}'`);
}

export const Transform = choose();
export type Transform = nodeStream.Transform;
