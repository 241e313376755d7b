// What the entries of a record mean, and which of them may come early.

const labelOf = (entry) => entry.split(/[ (]/)[0].replace(/^soon-/, '');
/** Of 'write-3.inside(null)' it is '3.inside': where in the script the command stands. */
const placeOf = (entry) => labelOf(entry).replace(/^[a-zA-Z]+-/, '');

// README: "The callback of write(), 'drain' and 'finish' mean that the data was taken, not that it
// was processed." What hangs on these in node:stream comes early with them: 'prefinish', the
// callback of end(), and those of flush() after end(), which wait for 'finish' or, if that has not
// come yet, for 'end' ('soon-', see player.js).
const EARLY = /^(write|garbage|wrong|encoding|end|soon-flush|soon-params)-|^(prefinish|finish)$/;
const isSoon = (entry) => entry.startsWith('soon-');
const isEarly = (entry) => EARLY.test(entry);
const isDrain = (entry) => entry === 'drain';
// README: "number and size of 'data' chunks differ".
const isData = (entry) => entry === 'data';
const isFlush = (entry) => /^(flush|params)-/.test(entry);
const isWritable = (entry) => (isEarly(entry) && !isSoon(entry)) || isFlush(entry);
const isLate = (entry) => entry.endsWith('after-destroy');
const isCore = (entry) => !isEarly(entry) && !isDrain(entry) && !isData(entry) && !isLate(entry);
const isRead = (entry) => isData(entry) || /^(end$|close$|error )/.test(entry);

/** The callback was called without an error, or it is the event that stands for that. */
const isGood = (entry) => /^(prefinish|finish)$|\((null|undefined|)\)$/.test(entry);

/** Neighbouring entries that are the same as one. */
const collapse = (entries) => entries.filter((entry, i) => entry !== entries[i - 1]);

const FINAL_EVENTS = /^(data|end|finish|error|drain|prefinish)( |$)/;

/** Things that should never happen. Some do in node:zlib, for reasons in node:stream. */
function violations(log) {
  const labels = log.map(labelOf);
  const counted = labels.filter((label) => /-\d|^(end|finish|close|error|prefinish)$/.test(label));
  const twice = counted.filter((label, i) => counted.indexOf(label) !== i);
  const close = log.indexOf('close');
  const after = close < 0 ? [] : log.slice(close + 1).filter((entry) => FINAL_EVENTS.test(entry));
  // node:stream emits it when 'prefinish' came, even if a listener of that destroyed the stream.
  if (log.includes('prefinish') && after[0] === 'finish') after.shift();
  return [
    ...twice.map((label) => `more than once: ${label}`),
    ...after.map((entry) => `after close: ${entry}`),
    ...labels.filter(isLate),
  ];
}

/**
 * README: "The finish flush is never merged with the last write". After a flush of the kind Z_FINISH
 * a compressor refuses both, but with different errors: here they are one.
 */
function withOneRefusal(report) {
  const describe = (error) =>
    error && (/^Z_(BUF|STREAM)_ERROR$/.test(error.code) ? { code: 'Z_STREAM_ERROR' } : error);
  return {
    ...report,
    log: report.log.map((entry) => entry.replace('Z_BUF_ERROR', 'Z_STREAM_ERROR')),
    errors: report.errors.map(describe),
    looks: report.looks.map((look) => ({
      ...look,
      state: { ...look.state, errored: describe(look.state.errored) },
    })),
  };
}

module.exports = {
  EARLY,
  collapse,
  isCore,
  isData,
  isEarly,
  isFlush,
  isGood,
  isRead,
  isWritable,
  labelOf,
  placeOf,
  violations,
  withOneRefusal,
};
