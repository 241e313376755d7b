// Differences that README's "Differences from node:zlib" explains, as narrow as can be said.

const isPrefix = (short, long) => long.subarray(0, short.length).equals(short);
const Z_BLOCK = 5;
const EOF_MESSAGE = 'unexpected end of file';

/** Whether node may have merged the finish flush with the last write: end() came early. */
function mayMerge({ made }) {
  return made.form === 'stream' && made.pace !== 'settled';
}

/** Whether the stream failed, and in the same way on both sides. */
function failedAlike({ subject, node }) {
  const [ours, theirs] = [subject, node].map(({ errors = [] }) => errors[0]?.message);
  return ours !== undefined && ours === theirs;
}

// Input behind which ISA-L may have taken over (native/software/codecs/inflate_bulk.h).
const BULK_AFTER_BYTES = 64 << 10;
// How far ISA-L may have read on, in bytes: not more than its 64 KiB of output can come from.
const READ_AHEAD_BYTES = 64 << 10;

const pauses = ({ made }) => made.steps?.some((step) => step.do === 'pause');
const withoutEnd = (life) => life.filter((entry) => entry !== 'end').join();
const withoutEndError = (life) => life.filter((entry) => !/^end-\d+ /.test(entry)).join();

/** Events without 'finish': it can come before an error if writes are taken early. */
const eventsOf = (life) => life.filter((entry) => /^(end|close|error)( |$)/.test(entry)).join();

/** What a finish flush that is merged with the last write, or is not, can change beside the error. */
const OF_THE_END = ['output', 'reads', 'bytesWritten', 'life'];

/** What is said of damage, of a missing end, and of bytes behind an end that one side saw sooner. */
const OF_OTHER_ENDS =
  /^(Z_DATA_ERROR|Z_BUF_ERROR|ERR_TRAILING_JUNK_AFTER_STREAM_END|ERR_STREAM_PUSH_AFTER_EOF)$/;

const haveOtherEnds = ({ subject, node }) =>
  [...subject, ...node].every(({ code }) => OF_OTHER_ENDS.test(code));

const RULES = [
  {
    // A write without callback, that of end(chunk, callback) too, is acknowledged when it was
    // taken. If its data turns out to be wrong, the callback of end() gets the error at once; in
    // node, where that write is still going on, late or never.
    explains: ({ what }, context) =>
      what === 'life' &&
      failedAlike(context) &&
      withoutEndError(context.subject.life) === withoutEndError(context.node.life),
  },
  {
    // How many writes and flushes were made, and taken, by the time of an error is a matter of
    // timing where their callbacks were not waited for over several turns.
    explains: ({ what }, context) =>
      what === 'life' &&
      ['paused', 'quiet'].includes(context.made.pace) &&
      failedAlike(context) &&
      eventsOf(context.subject.life) === eventsOf(context.node.life),
  },
  {
    // Output of a member behind the early end of the stream is an error of its own: writes without
    // callback were processed together with it.
    explains: ({ what }, context) =>
      what === 'bytesWritten' &&
      context.made.pace === 'quiet' &&
      failedAlike(context) &&
      context.node.errors[0].code === 'ERR_STREAM_PUSH_AFTER_EOF',
  },
  {
    // With pauses, when 'end' comes is up to when the consumer goes on, in node too.
    explains: ({ what }, context) =>
      what === 'life' &&
      pauses(context) &&
      withoutEnd(context.subject.life) === withoutEnd(context.node.life),
  },
  {
    // What the consumer has not read yet is dropped by the destroy() of an error: with pauses it
    // is a matter of timing how much that is, in node too.
    explains: ({ what }, context) =>
      ['output', 'reads', 'bytesWritten'].includes(what) &&
      pauses(context) &&
      failedAlike(context) &&
      (isPrefix(context.node.output, context.subject.output) ||
        isPrefix(context.subject.output, context.node.output)),
  },
  {
    // "bytesWritten ... after an error in the data it can be some kilobytes off": what had been
    // used at a certain byte of output is not the same for ISA-L as for zlib.
    explains: ({ what, subject, node }, context) =>
      what === 'bytesWritten' &&
      context.made.direction === 'decompress' &&
      failedAlike(context) &&
      Math.max(subject, node) >= BULK_AFTER_BYTES &&
      Math.abs(subject - node) <= READ_AHEAD_BYTES,
  },
  {
    // "The finish flush is never merged with the last write": in node the output of a last write
    // that is cut short is lost with it, here it was delivered before the flush found the end
    // missing.
    explains: ({ what }, context) =>
      OF_THE_END.includes(what) &&
      mayMerge(context) &&
      failedAlike(context) &&
      context.node.errors[0].message === EOF_MESSAGE &&
      isPrefix(context.node.output, context.subject.output),
  },
  {
    // The same, where the stream ended before its input did and what follows looks like the
    // beginning of a member: node's merged flush finds it cut short; a finish flush of its own
    // comes too late, the stream is closed after 'end' and 'finish'.
    explains: ({ what }, { made, subject, node }) =>
      ['errors', ...OF_THE_END].includes(what) &&
      made.direction === 'decompress' &&
      mayMerge({ made }) &&
      subject.errors?.length === 0 &&
      node.errors?.[0]?.message === EOF_MESSAGE &&
      node.reads.includes('end') &&
      isPrefix(node.output, subject.output),
  },
  {
    // The same, for Z_BLOCK: in node a last write merged with it ends the stream at its first
    // border of two blocks, or the default Z_BLOCK is replaced by Z_FINISH. One side stops there, or
    // finds the end missing or junk behind it, and the other goes on, to damage if there is some.
    explains: ({ what, ...sides }, { made, subject, node }) =>
      (OF_THE_END.includes(what) || (what === 'errors' && haveOtherEnds(sides))) &&
      made.direction === 'decompress' &&
      mayMerge({ made }) &&
      [made.options?.flush, made.options?.finishFlush].includes(Z_BLOCK) &&
      (isPrefix(node.output, subject.output) || isPrefix(subject.output, node.output)),
  },
];

/** Whether a rule explains a difference of compare.js. */
function explains(difference, context) {
  return RULES.some((rule) => rule.explains(difference, context));
}

module.exports = { explains };
