// Makes a case that differs simpler, as long as it differs in the same things.

const { differencesOf } = require('./runner');

const LIMIT_MS = 15_000;

const kindOf = (differences) => differences.map(({ what }) => what).join();

/** Fewer options. */
function* fewerOptions(made) {
  for (const name of Object.keys(made.options ?? {})) {
    const { [name]: _, ...options } = made.options;
    yield { ...made, options };
  }
}

/** The same input written at once, in two writes, or with a step left out. */
function* fewerSteps(made) {
  const { steps } = made;
  if (!steps) return;
  const size = made.input.length;
  yield { ...made, steps: [{ do: 'write', from: 0, to: size }, { do: 'settle' }, { do: 'end' }] };
  for (const { to } of steps) {
    if (to === undefined || steps.length <= 5) continue;
    const halves = [
      { do: 'write', from: 0, to },
      { do: 'settle' },
      { do: 'write', from: to, to: size },
      { do: 'settle' },
      { do: 'end' },
    ];
    yield { ...made, steps: halves };
  }
  for (const [i, step] of steps.entries()) {
    if (step.to === undefined && step.do !== 'end') yield { ...made, steps: steps.toSpliced(i, 1) };
  }
  for (const [i, step] of steps.entries()) {
    const next = steps[i + 1];
    if (step.do !== 'write' || next?.do !== 'write') continue;
    yield { ...made, steps: steps.toSpliced(i, 2, { do: 'write', from: step.from, to: next.to }) };
  }
}

/** Shorter input for one-shot forms: a half, then less and less off either end. */
function* shorterInput(made) {
  if (made.steps) return;
  for (let part = made.input.length >> 1; part > 0; part >>= 1) {
    yield { ...made, input: made.input.subarray(0, made.input.length - part) };
  }
}

/** {made, differences} of the simplest case found within some seconds. */
async function shrink(made, differences) {
  const deadline = Date.now() + LIMIT_MS;
  let best = { made, differences };
  let improved = true;
  while (improved && Date.now() < deadline) {
    improved = false;
    const simpler = [fewerSteps, fewerOptions, shorterInput].flatMap((f) => [...f(best.made)]);
    for (const candidate of simpler) {
      if (Date.now() >= deadline) break;
      const found = await differencesOf(candidate);
      if (kindOf(found) !== kindOf(differences)) continue;
      best = { made: candidate, differences: found };
      improved = true;
      break;
    }
  }
  return best;
}

module.exports = { shrink };
