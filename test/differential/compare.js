// Says in which ways the results of a case differ between the subject and node:zlib.

const { isDeepStrictEqual } = require('node:util');
const { explains } = require('./explained');
const { compressedWell } = require('./verify');

/** Where two buffers differ first, or undefined. */
function firstDifference(a, b) {
  if (a.equals(b)) return undefined;
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) if (a[i] !== b[i]) return i;
  return size;
}

/** What must be the same on both sides, besides output: [name, value] pairs. */
function facts(made, result) {
  if (made.form !== 'stream' || result.threw) {
    const { error, threw, engine, bytesWritten, calls, hangs } = result;
    return { error, threw, engine, bytesWritten, calls, hangs };
  }
  const { errors, bytesWritten, life, reads, hangs } = result;
  return {
    errors,
    bytesWritten,
    life,
    reads: made.direction === 'decompress' ? reads : undefined,
    hangs,
  };
}

/** Callbacks that were called twice. */
function twice(result) {
  const labels = (result.life ?? []).filter((entry) => /^\w+-\d+/.test(entry));
  const names = labels.map((entry) => entry.split(' ')[0]);
  return names.filter((name, i) => names.indexOf(name) !== i);
}

/**
 * Differences between the subject's and node's results of a case: [{what, subject, node}], empty
 * if there is none that is not explained.
 */
function differences(made, subject, node) {
  const found = [];
  const [ours, theirs] = [facts(made, subject), facts(made, node)];
  for (const name of Object.keys({ ...ours, ...theirs })) {
    if (isDeepStrictEqual(ours[name], theirs[name])) continue;
    found.push({ what: name, subject: ours[name], node: theirs[name] });
  }
  const again = twice(subject);
  if (again.length > 0) found.push({ what: 'called back twice', subject: again });
  if (made.direction === 'compress') found.push(...compressedWell(made, subject, node));
  else if (subject.output && node.output) {
    const at = firstDifference(subject.output, node.output);
    if (at !== undefined) {
      found.push({
        what: 'output',
        subject: `${subject.output.length} bytes`,
        node: `${node.output.length} bytes`,
        firstDifference: at,
      });
    }
  }
  const context = { made, subject, node };
  return found.filter((difference) => !explains(difference, context));
}

module.exports = { differences };
