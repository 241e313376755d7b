// A case and its differences in words.

const { inspect } = require('node:util');

const MOST_STEPS = 30;

/** Buffers by their length: they are made again by a replay. */
function short(options) {
  if (!options?.dictionary) return options;
  return { ...options, dictionary: `${options.dictionary.length} bytes` };
}

function stepText({ do: what, ...rest }) {
  return [what, ...Object.values(rest)].join(' ');
}

function describeCase(made) {
  const { kind, about, form, pace, steps = [] } = made;
  const listed = steps.slice(0, MOST_STEPS).map(stepText).join(', ');
  const more = steps.length > MOST_STEPS ? `, and ${steps.length - MOST_STEPS} more` : '';
  const life = form === 'stream' ? `\n  ${made.Class}, ${pace}: ${listed}${more}` : '';
  return `${kind}: ${about}\n  options ${inspect(short(made.options), { breakLength: 200 })}${life}`;
}

function describeDifferences(differences) {
  const show = (value) => inspect(value, { depth: 5, breakLength: 160, maxArrayLength: 30 });
  return differences
    .map(({ what, subject, node, ...rest }) => {
      const more = Object.entries(rest).map(([name, value]) => `, ${name} ${show(value)}`);
      return `  ${what}${more.join('')}\n    subject: ${show(subject)}\n    node:    ${show(node)}`;
    })
    .join('\n');
}

/** The line that runs one case again. */
function replayLine(seed, number) {
  return `node test/differential/run.js --seed ${seed} --case ${number}`;
}

/** {number, text} for a case that differs. */
function describe(made, seed, differences) {
  const text = [
    `DIFFERENCE in case ${made.number}; again: ${replayLine(seed, made.number)}`,
    describeCase(made),
    describeDifferences(differences),
  ].join('\n');
  return { number: made.number, text };
}

module.exports = { describe, describeCase, describeDifferences, replayLine };
