// Says how two sides differ, so that it can be understood without running it again.

const assert = require('node:assert/strict');
const { inspect } = require('node:util');

const MOST_ENTRIES = 60;

/** A log on one line, with neighbouring 'data' as one. */
function brief(log) {
  const shown = log.filter((entry, i) => entry !== 'data' || log[i - 1] !== 'data');
  const more = shown.length > MOST_ENTRIES ? ` ... ${shown.length - MOST_ENTRIES} more` : '';
  return shown.slice(0, MOST_ENTRIES).join(' | ') + more;
}

/** @throws an AssertionError; `atAnySpeed`: no speed of threads excuses it */
function assertNoDifferences(script, differences, subject, reference) {
  if (differences.length === 0) return;
  const { steps, ...rest } = script;
  const lines = [
    JSON.stringify(rest),
    ...steps.map(({ command, gap }) => `  ${JSON.stringify(command)} ${gap}`),
    inspect(differences, { depth: 5 }),
    `node:    ${brief(reference.log)}`,
    `subject: ${brief(subject.log)}`,
  ];
  const error = new assert.AssertionError({ message: lines.join('\n') });
  error.atAnySpeed = differences.some(({ what }) => what === 'never');
  throw error;
}

module.exports = { assertNoDifferences };
