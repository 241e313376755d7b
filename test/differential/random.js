// Random choices of one case: they follow from the run's seed and the case's number alone.

const { randomFrom } = require('../support/seed');

/** Spreads neighbouring numbers over 32 bits (the finalizer of MurmurHash3). */
function mix(value) {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Choices made from `seed` and further numbers: `below(n)`, `pick(list)`, `next()` as in
 * support/seed.js; `between(a, b)` with both ends in it; `chance(p)`, true in p of 100;
 * `weighted([[weight, value], ...])`; `upTo(n)`, in [0, n) with small numbers as frequent as large.
 */
function choices(seed, ...numbers) {
  const start = numbers.reduce((state, number) => mix(state ^ mix(number + 1)), mix(seed));
  const random = randomFrom(start);
  const between = (low, high) => low + random.below(high - low + 1);
  const weighted = (entries) => {
    let at = random.below(entries.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of entries) {
      if (at < weight) return value;
      at -= weight;
    }
  };
  return {
    ...random,
    between,
    weighted,
    chance: (percent) => random.below(100) < percent,
    upTo: (limit) => random.below(1 + random.below(1 + random.below(Math.max(1, limit)))),
  };
}

module.exports = { choices };
