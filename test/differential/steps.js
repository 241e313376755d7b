// What is done with a stream, step by step. A step is {do, ...}:
//   write {from, to}   with `quiet`, without a callback
//   flush {kind}       params {level, strategy}       turns {count}
//   pause              until the next turn
//   settle             wait for the callback of the last write or flush
//   drain              wait for 'drain' if the last write asked for it
//   end                or, with {from, to}, end with data

const MOST_WRITES = 60;
const MOST_SMALL_WRITES = 250;
const SMALL = 20_000;

/** Offsets at which input of `size` bytes is cut; many near `at`. */
function cutsOf(random, size, at) {
  const most = size < SMALL ? MOST_SMALL_WRITES : MOST_WRITES;
  const least = Math.ceil(size / most);
  const way = random.weighted([
    [3, 'whole'],
    [3, 'even'],
    [3, 'uneven'],
    [4, 'near'],
  ]);
  const cuts = new Set();
  if (way === 'even') {
    const step = random.pick([least, least + random.below(2000), 16384, 65536]);
    for (let cut = step; step >= least && cut < size && cuts.size < most; cut += step)
      cuts.add(cut);
  } else if (way === 'uneven') {
    for (let i = random.below(20); i > 0; i--) cuts.add(random.below(size + 1));
  } else if (way === 'near') {
    const spread = random.pick([4, 30, 1000, 40_000]);
    for (let i = random.between(1, 12); i > 0; i--) {
      cuts.add(Math.min(size, Math.max(0, at + random.between(-spread, spread))));
    }
  }
  return [0, ...[...cuts].sort((a, b) => a - b), size];
}

function writesOf(random, size, at) {
  const cuts = cutsOf(random, size, at);
  const writes = [];
  for (let i = 1; i < cuts.length; i++) {
    writes.push({ do: 'write', from: cuts[i - 1], to: cuts[i] });
  }
  return writes;
}

/** Ends the stream: with the last write's data in half of the cases. */
function withEnd(random, steps) {
  const last = steps.at(-1);
  if (last?.do === 'write' && random.chance(40)) {
    return [...steps.slice(0, -1), { ...last, do: 'end' }];
  }
  return [...steps, { do: 'end' }];
}

/**
 * Steps of a decompressor and their pace: 'settled', where each write waits for the one before;
 * 'eager', all in one turn; 'quiet', without callbacks, so that writes are taken as early as can be;
 * 'paused', with pauses and turns in between.
 */
function decompressSteps(random, { input, at }) {
  const pace = random.weighted([
    [5, 'settled'],
    [4, 'eager'],
    [4, 'quiet'],
    [2, 'paused'],
  ]);
  const steps = [];
  for (const write of writesOf(random, input.length, at)) {
    steps.push(write);
    if (random.chance(2)) steps.push({ do: 'flush', kind: random.pick([0, 1, 2, 3, 5]) });
    if (pace === 'settled') steps.push({ do: 'settle' });
    if (pace === 'quiet') {
      write.quiet = true;
      if (random.chance(50)) steps.push({ do: 'drain' });
    }
    if (pace !== 'paused' || random.chance(50)) continue;
    steps.push(random.chance(60) ? { do: 'pause' } : { do: 'turns', count: random.between(1, 3) });
  }
  const last = steps.at(-1);
  if (pace === 'settled' && last.do === 'settle') {
    return { pace, steps: [...withEnd(random, steps.slice(0, -1))].flatMap(settleBefore) };
  }
  return { pace, steps: withEnd(random, steps) };
}

/** A plain end() settles what was written before. */
function settleBefore(step) {
  return step.do === 'end' && step.to === undefined ? [{ do: 'settle' }, step] : [step];
}

function compressSteps(random, { input, options }) {
  const steps = [];
  let { level = -1, strategy = 0 } = options ?? {};
  const busy = random.chance(60);
  for (const write of writesOf(random, input.length, random.below(input.length + 1))) {
    steps.push(write);
    if (!busy) continue;
    const then = random.weighted([
      [60, undefined],
      [15, { do: 'flush', kind: random.pick([0, 1, 2, 3, 5]) }],
      [4, { do: 'params', level: random.between(-1, 9), strategy: random.between(0, 4) }],
      [8, { do: 'turns', count: random.between(1, 3) }],
      [5, { do: 'pause' }],
      [6, { do: 'settle' }],
    ]);
    // params() that change nothing call back at once, before writes that node still works on.
    if (then?.do === 'params' && then.level === level && then.strategy === strategy) continue;
    if (then?.do === 'params') ({ level, strategy } = then);
    if (then) steps.push(then);
    if (then?.do === 'flush' && random.chance(50)) steps.push({ do: 'settle' });
  }
  return { pace: 'any', steps: withEnd(random, steps) };
}

module.exports = { compressSteps, decompressSteps };
