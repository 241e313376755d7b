// What compressed output must decode to: on node, and on the subject.

const { node, zlib } = require('../support/subject');
const { describeError } = require('../support/same');

const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;
const Z_SYNC_FLUSH = 2;
const Z_FINISH = 4;

/** Options for a decoder of what was made with a case's options. */
function decoderOptions({ options = {} }) {
  const { windowBits, dictionary } = options;
  // zlib makes a window of 2^8 one of 2^9.
  return { windowBits: windowBits === 8 ? 9 : windowBits, dictionary };
}

function decode(side, made, bytes, extra) {
  try {
    return side[`${made.format.decompress}Sync`](bytes, { ...decoderOptions(made), ...extra });
  } catch (error) {
    return describeError(error);
  }
}

/** How many bytes of the output its first member has. */
function memberSize(made, bytes) {
  const { format } = made;
  if (format.name !== 'gzip') {
    const options = { ...decoderOptions(made), info: true };
    return node[`${format.decompress}Sync`](bytes, options).engine.bytesWritten;
  }
  const body = bytes.subarray(GZIP_HEADER_BYTES);
  const { engine } = node.inflateRawSync(body, { info: true });
  return GZIP_HEADER_BYTES + engine.bytesWritten + GZIP_TRAILER_BYTES;
}

/** What was written to a case's stream or given to its call. */
function plainOf({ form, input, steps }) {
  if (form !== 'stream') return input;
  return input.subarray(0, Math.max(0, ...steps.map((step) => step.to ?? 0)));
}

/** Output of a stream that was finished. */
function finished(made, bytes, plain) {
  const found = [];
  for (const [name, side] of [
    ['node', node],
    ['subject', zlib],
  ]) {
    const decoded = decode(side, made, bytes);
    if (!Buffer.isBuffer(decoded)) found.push({ what: `decoding by ${name}`, subject: decoded });
    else if (!decoded.equals(plain))
      found.push({ what: `decoded by ${name}`, subject: 'not equal' });
  }
  if (found.length > 0) return found;
  const size = memberSize(made, bytes);
  if (size !== bytes.length) found.push({ what: 'member size', subject: size, node: bytes.length });
  return found;
}

/** Output that has no end: as much of it as finishFlush lets out. */
function unfinished(made, subject, theirs, plain) {
  const extra = { finishFlush: Z_SYNC_FLUSH };
  const [ours, expected] = [subject, theirs].map(({ output }) => decode(node, made, output, extra));
  if (!Buffer.isBuffer(ours) || !Buffer.isBuffer(expected)) {
    return [{ what: 'decoding what is there', subject: ours, node: expected }];
  }
  const { finishFlush } = made.options;
  const found = [];
  if (!plain.subarray(0, ours.length).equals(ours)) {
    found.push({ what: 'decoded', subject: 'not the plain bytes' });
  }
  // Z_NO_FLUSH and Z_BLOCK leave to the compressor how much it keeps back.
  if (finishFlush !== 0 && finishFlush !== 5 && ours.length !== expected.length) {
    found.push({ what: 'decoded size', subject: ours.length, node: expected.length });
  }
  return found;
}

/** What is there when a flush is called back must decode to all that was written before it. */
function flushed(made, { output, flushes = [] }) {
  const point = flushes.filter(({ kind }) => kind >= 1 && kind <= 3).at(-1);
  if (!point || made.steps.some((step) => step.do === 'pause')) return [];
  const extra = { finishFlush: Z_SYNC_FLUSH };
  const decoded = decode(node, made, output.subarray(0, point.size), extra);
  if (Buffer.isBuffer(decoded) && decoded.length >= point.written) return [];
  return [{ what: 'output at a flush', subject: decoded.length ?? decoded, node: point.written }];
}

/** Differences of a compressing case: [{what, subject, node}]. */
function compressedWell(made, subject, theirs) {
  if (!subject.output || !theirs.output) return [];
  const plain = plainOf(made);
  const finishFlush = made.options?.finishFlush ?? Z_FINISH;
  const whole = finishFlush === Z_FINISH;
  const found = whole
    ? finished(made, subject.output, plain)
    : unfinished(made, subject, theirs, plain);
  return [...found, ...flushed(made, subject), ...tooLarge(made, subject)];
}

/** A chunkSize that was given is the largest chunk pushed. */
function tooLarge({ options }, { sizes = [] }) {
  const most = Math.max(0, ...sizes);
  if (!options?.chunkSize || most <= options.chunkSize) return [];
  return [{ what: 'chunk size', subject: most, node: options.chunkSize }];
}

module.exports = { compressedWell };
